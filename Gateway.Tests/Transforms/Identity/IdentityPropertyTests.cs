using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Identity;
using Gateway.Transforms.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Tests.Transforms.Identity;

/// <summary>
/// Whatever a client sends, the sub-service reads the user of the session or nothing at all. Google's parser stands for the sub-service.
/// </summary>
/// <remarks>The seeds are fixed, so a failing case fails again; to look further, change them.</remarks>
[TestFixture]
[Category("Long")]
internal sealed class IdentityPropertyTests
{
    private const int Cases = 5000;

    [Test]
    public void Inject_AnyWellFormedRequest_ChangesTheUserIdAndNothingElse() => Check(
        Prop.ForAll(Arb.From(ClientRequest.Any, ClientRequest.Smaller), request =>
        {
            var type = request.Original.Descriptor;
            var expected = request.Original.Descriptor.Parser.ParseFrom(request.Original.ToByteArray());
            Field(type, "user_id").SetValue(expected, request.SessionUser);

            var (scan, injected) = ScanAndInject(type, new ReadOnlySequence<byte>(request.Bytes), request.SessionUser);

            Assert.That(scan.Problem, Is.Null);
            Assert.That(type.Parser.WithDiscardUnknownFields(true).ParseFrom(injected), Is.EqualTo(expected));
        }),
        seed: 20_250_101);

    [Test]
    public void Inject_AnyWellFormedRequest_LeavesEveryOtherByteAsItIs() => Check(
        Prop.ForAll(Arb.From(ClientRequest.Any, ClientRequest.Smaller), request =>
        {
            var type = request.Original.Descriptor;
            var expected = Raw.Join(
            [
                .. request.Pieces.Where(piece => !piece.IsUserId).Select(piece => piece.Bytes),
                Raw.Text(type.FindFieldByName("user_id").FieldNumber, request.SessionUser),
            ]);

            var (_, injected) = ScanAndInject(type, Segmented.SingleBytes(request.Bytes), request.SessionUser);

            Assert.That(injected.ToArray(), Is.EqualTo(expected));
        }),
        seed: 20_250_102);

    [Test]
    public void Scan_InjectedRequest_FindsOneUserIdThatIsTheSessions() => Check(
        Prop.ForAll(Arb.From(ClientRequest.Any, ClientRequest.Smaller), request =>
        {
            var type = request.Original.Descriptor;
            var (_, injected) = ScanAndInject(type, new ReadOnlySequence<byte>(request.Bytes), request.SessionUser);

            var again = MessageScanner.Scan(injected, MessageFields.Of(type));

            Assert.That(again.Problem, Is.Null);
            Assert.That(again.UserIds, Has.Count.EqualTo(1));
            Assert.That(
                injected.Slice(again.UserIds![0].Range.Offset, again.UserIds[0].Range.Length).ToArray(),
                Is.EqualTo(Raw.Text(type.FindFieldByName("user_id").FieldNumber, request.SessionUser)));
            Assert.That(Text(injected, again.SessionId), Is.EqualTo(Field(type, "session_id").GetValue(request.Original)));
        }),
        seed: 20_250_103);

    [Test]
    public void Inject_AnyMutatedRequest_IsRefusedOrReadAsTheSessionsUser()
    {
        var (refused, unreadable, read) = (0, 0, 0);
        Check(
            Prop.ForAll(Arb.From(MutatedRequest.Any, MutatedRequest.Smaller), request =>
            {
                var (scan, injected) = ScanAndInject(request.Type, new ReadOnlySequence<byte>(request.Bytes), request.SessionUser);
                if (scan.Problem is not null)
                {
                    refused++;
                }
                else if (TryParse(request.Type, injected) is not { } message)
                {
                    unreadable++;
                }
                else
                {
                    read++;
                    Assert.That(Field(request.Type, "user_id").GetValue(message), Is.EqualTo(request.SessionUser));
                }
            }),
            seed: 20_250_104,
            Cases * 2);

        // Without a fair share of each, the property would say little.
        Assert.That(Math.Min(refused, read), Is.GreaterThan(Cases / 5), $"refused {refused}, unreadable {unreadable}, read {read}");
        Assert.That(unreadable, Is.Positive);
    }

    [Test]
    public void Scan_AnyMutatedRequest_IsRefusedOrFindsTheSessionIdThatIsRead()
    {
        var (compared, withSession) = (0, 0);
        Check(
            Prop.ForAll(Arb.From(MutatedRequest.Any, MutatedRequest.Smaller), request =>
            {
                var bytes = Segmented.SingleBytes(request.Bytes);
                var scan = MessageScanner.Scan(bytes, MessageFields.Of(request.Type));
                if (scan.Problem is null && TryParse(request.Type, bytes) is { } message)
                {
                    var read = (string)Field(request.Type, "session_id").GetValue(message);
                    compared++;
                    withSession += read.Length > 0 ? 1 : 0;
                    Assert.That(Text(bytes, scan.SessionId), Is.EqualTo(read));
                    Assert.That(Text(bytes, scan.RequestId), Is.EqualTo(Field(request.Type, "request_id").GetValue(message)));
                }
            }),
            seed: 20_250_105,
            Cases * 2);

        Assert.That(withSession, Is.GreaterThan(Cases / 5), $"compared {compared}, with a session {withSession}");
        Assert.That(compared - withSession, Is.Positive);
    }

    private static void Check(Property property, ulong seed, int cases = Cases) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(cases).WithReplay(seed, 1), property);

    private static (MessageScan Scan, ReadOnlySequence<byte> Injected) ScanAndInject(
        MessageDescriptor type, in ReadOnlySequence<byte> message, string userId)
    {
        var fields = MessageFields.Of(type);
        var scan = MessageScanner.Scan(message, fields);
        return (scan, scan.Problem is null ? UserIdInjector.Inject(message, scan.UserIds, userId is null ? default : fields.UserIdField(userId)) : default);
    }

    private static IMessage? TryParse(MessageDescriptor type, in ReadOnlySequence<byte> bytes)
    {
        try
        {
            return type.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static IFieldAccessor Field(MessageDescriptor type, string name) => type.FindFieldByName(name).Accessor;

    private static string Text(in ReadOnlySequence<byte> message, FieldRange range) =>
        range.IsAbsent ? "" : Encoding.UTF8.GetString(message.Slice(range.Offset, range.Length));
}
