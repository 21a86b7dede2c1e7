using Gateway.Notify;
using Gateway.Notify.Upkeep;

namespace Gateway.Tests.Notify.Upkeep;

/// <summary>Whatever a load balancer makes of the clients that are sent away, it comes to an end; and where it spreads them, all nodes have their share.</summary>
[TestFixture]
internal sealed class FairShareTests
{
    private const int Rounds = 2000;
    private const int RoundsUnderWay = 5;

    private readonly NotifyOptions _options = Options(rate: 10);

    [TestCase(2, 2)]
    [TestCase(3, 1)]
    [TestCase(3, 9)]
    public void NodesCome_LoadBalancerSpreads_AllHaveTheirShare_AndItEnds(int old, int added)
    {
        const int Each = 1000;
        var random = new Random(17);
        var sut = new Nodes(_options, _ => random.Next(old + added), [.. Enumerable.Repeat(Each, old), .. Enumerable.Repeat(0, added)]);

        var last = sut.Run(Rounds);

        var mean = old * Each / (double)(old + added);
        Assert.That(sut.Sockets, Has.All.LessThanOrEqualTo(Math.Ceiling(mean * 1.1)));
        Assert.That(sut.Sockets[..old], Has.All.GreaterThan(mean), "Nobody gives what is his own share");
        Assert.That(sut.Sent.Sum(), Is.LessThanOrEqualTo(old * Each), "Each client is sent away once on average, at most");
        Assert.That(last, Is.LessThan(Rounds / 2));
    }

    [Test]
    public void HalfOfTheClientsAreUnderWay_TheyAreNotMissingInTheMean()
    {
        var sut = new Nodes(Options(rate: 100), _ => 1, [1000, 0]);

        sut.Run(Rounds);

        Assert.That(sut.Sockets[0], Is.InRange(500, 550));
        Assert.That(sut.Sent, Is.EqualTo(new[] { 1000 - sut.Sockets[0], 0 }));
    }

    [Test]
    public void LoadBalancer_SendsClientsBackToWhereTheyWere_EndsWhenAllHaveBeenSentOnce()
    {
        var sut = new Nodes(_options, from => from, [1000, 1000, 0]);

        var last = sut.Run(Rounds);

        Assert.That(sut.Sent, Is.EqualTo(new[] { 1000, 1000, 0 }));
        Assert.That(sut.IsStuck, Is.EqualTo(new[] { true, true, false }));
        Assert.That(last, Is.LessThan(Rounds / 2));
    }

    [Test]
    public void LoadBalancer_KnowsTwoOfThreeNodes_TheyDoNotPassSocketsToAndFroForEver()
    {
        var sut = new Nodes(_options, from => 1 - from, [1500, 1500, 0]);

        sut.Run(Rounds);

        Assert.That(sut.Sent.Sum(), Is.LessThanOrEqualTo(sut.Sockets.Sum()));
        Assert.That(sut.Run(Rounds), Is.Zero, "It has ended");
    }

    [Test]
    public void NodeComes_AfterItHasEnded_BeginsAnew()
    {
        var sut = new Nodes(_options, from => from, [1000, 0]);
        sut.Run(Rounds);

        sut.Add();
        sut.Run(Rounds);

        Assert.That(sut.Sent[0], Is.EqualTo(2000));
    }

    [Test]
    public void Node_WithinTheTolerance_OrBelowTheMinimum_KeepsItsSockets()
    {
        Assert.That(new Nodes(_options, _ => 1, [1100, 900]).Run(Rounds), Is.Zero);
        Assert.That(new Nodes(_options, _ => 1, [10, 0]).Run(Rounds), Is.Zero);
        Assert.That(new Nodes(_options, _ => 1, [1102, 898]).Run(Rounds), Is.Not.Zero);
    }

    private static NotifyOptions Options(int rate) => new() { RebalanceRate = rate, RebalanceTolerance = 10, RebalanceMinimum = 10 };

    /// <summary>Nodes that look all at once, once in a round, and clients that need some rounds to come back.</summary>
    private sealed class Nodes(NotifyOptions options, Func<int, int> balance, int[] sockets)
    {
        private readonly List<FairShare> _nodes = [.. sockets.Select(_ => new FairShare(options))];
        private readonly Queue<int[]> _underWay = new();
        private int _round;

        public int[] Sockets { get; private set; } = sockets;

        public int[] Sent { get; private set; } = new int[sockets.Length];

        public IEnumerable<bool> IsStuck => _nodes.Select(node => node.IsStuck);

        public void Add()
        {
            _nodes.Add(new FairShare(options));
            Sockets = [.. Sockets, 0];
            Sent = [.. Sent, 0];
        }

        /// <summary>Returns the last round in which a socket was sent away, counted from 1; 0 for none.</summary>
        public int Run(int rounds)
        {
            var last = 0;
            for (var round = 1; round <= rounds; round++, _round++)
            {
                if (_underWay.Count == RoundsUnderWay)
                {
                    Array.ForEach(_underWay.Dequeue(), node => Sockets[node]++);
                }

                var now = TimeSpan.FromSeconds(_round);
                var said = _nodes.Select((node, i) => (Name: $"{i}", Sockets: node.CountWithUnderWay(Sockets[i], now))).ToDictionary(one => one.Name, one => one.Sockets);
                List<int> sent = [];
                for (var i = 0; i < _nodes.Count; i++)
                {
                    var surplus = _nodes[i].Surplus(Sockets[i], said);
                    _nodes[i].Sent(surplus, now + TimeSpan.FromSeconds(RoundsUnderWay));
                    Sockets[i] -= surplus;
                    Sent[i] += surplus;
                    sent.AddRange(Enumerable.Range(0, surplus).Select(_ => balance(i)));
                    last = surplus > 0 ? round : last;
                }

                _underWay.Enqueue([.. sent]);
            }

            return last;
        }
    }
}
