using Gateway.Proxy;

var app = GatewayHost.Build(args);
await app.RunAsync();
