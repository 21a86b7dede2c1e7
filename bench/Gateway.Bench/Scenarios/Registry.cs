using System.Globalization;
using Gateway.Bench.Load;
using Gateway.Bench.Servers;
using static Gateway.Bench.Scenarios.Report;

namespace Gateway.Bench.Scenarios;

/// <summary>Load through a cluster of a thousand instances in etcd, of which a hundred come or go every second.</summary>
internal sealed class Registry(Lab lab, HttpClient client, Report report, Plan plan)
{
    private const int Instances = 1000;
    private const int ChangesPerSecond = 100;
    private const int Connections = 64;

    public async Task RunAsync()
    {
        report.Title($"{Number(Instances)} instances in etcd");
        var etcd = await lab.StartEtcdAsync();
        for (var number = 0; number < Instances; number++)
        {
            await PutAsync(etcd, number);
        }

        var gateway = await lab.StartRedisGatewayAsync($"--Gateway:Etcd:Endpoints={etcd}", "--ReverseProxy:Clusters:user:Destinations:etcd:Address=etcd:///service/user_service");
        await gateway.IsReadyAsync(client);
        await Calls.UserInfo.CheckAsync(client, gateway);
        var size = await Calls.UserInfo.AnswerSizeAsync(gateway);
        await Wrk.RunAsync(gateway, Calls.UserInfo, lab.Folder, Connections, Plan.WarmUp, size);

        var (quiet, busy) = (new List<double>(), new List<double>());
        for (var round = 0; round < plan.Rounds; round++)
        {
            quiet.Add((await Wrk.RunAsync(gateway, Calls.UserInfo, lab.Folder, Connections, plan.RoundTime, size)).Rate);
            using var done = new CancellationTokenSource();
            var changing = ChangeAsync(etcd, done.Token);
            busy.Add((await Wrk.RunAsync(gateway, Calls.UserInfo, lab.Folder, Connections, plan.RoundTime, size)).Rate);
            await done.CancelAsync();
            await changing;
        }

        lab.Stop(gateway);
        report.Note($"{Number(quiet.Median())} requests/s while nothing changes, {Number(busy.Median())} with {ChangesPerSecond} changes a second ({Number(busy.Median() / quiet.Median(), "0.00x")}), none failed");
        report.Metric("churn_ratio", busy.Median() / quiet.Median());
    }

    private async Task ChangeAsync(Uri etcd, CancellationToken done)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / ChangesPerSecond));
        for (var number = Instances; !done.IsCancellationRequested; number++)
        {
            await pace.WaitForNextTickAsync(CancellationToken.None);
            await PutAsync(etcd, number);
            await DeleteAsync(etcd, number - (Instances / 2));
        }
    }

    private Task PutAsync(Uri etcd, int number) => PostAsync(etcd, "put", new { key = Key(number), value = Base64(lab.GrpcAddress["http://".Length..]) });

    private Task DeleteAsync(Uri etcd, int number) => PostAsync(etcd, "deleterange", new { key = Key(number) });

    /// <summary>By etcd's JSON gateway, which takes keys and values in base64.</summary>
    private async Task PostAsync(Uri etcd, string operation, object body)
    {
        using var response = await client.PostAsJsonAsync(new Uri(etcd, $"/v3/kv/{operation}"), body);
        response.EnsureSuccessStatusCode();
    }

    private static string Key(int number) => Base64($"/service/user_service/{number.ToString(CultureInfo.InvariantCulture)}");

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
