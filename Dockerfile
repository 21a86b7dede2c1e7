# The gateway as an image. Configure it by environment variables (Gateway__...), or mount a yarp.json over /app/yarp.json.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src

# First what decides the packages, so that a change of code does not download them again.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY proto/Gateway.Protocol.csproj proto/
COPY Gateway.Transforms/Gateway.Transforms.csproj Gateway.Transforms/
COPY Gateway.Notify/Gateway.Notify.csproj Gateway.Notify/
COPY Gateway.Proxy/Gateway.Proxy.csproj Gateway.Proxy/
RUN dotnet restore Gateway.Proxy/Gateway.Proxy.csproj --use-current-runtime

COPY .editorconfig BannedSymbols.txt yarp.json yarp.schema.json ./
COPY proto/ proto/
COPY Gateway.Transforms/ Gateway.Transforms/
COPY Gateway.Notify/ Gateway.Notify/
COPY Gateway.Proxy/ Gateway.Proxy/
RUN dotnet publish Gateway.Proxy/Gateway.Proxy.csproj -c Release --use-current-runtime --no-self-contained -o /app --no-restore -p:UseAppHost=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app ./

# The base image asks for port 8080 here; the ports are Gateway:Listen's.
ENV ASPNETCORE_HTTP_PORTS=
# A ConfigMap is swapped by symlink, which only polling notices.
ENV DOTNET_USE_POLLING_FILE_WATCHER=true

# How many buffers of each size are kept for use again, for each core. With hundreds of calls under way at a time the 32 of the runtime
# are too few, and each call allocates its buffers anew.
ENV DOTNET_SYSTEM_BUFFERS_SHAREDARRAYPOOL_MAXARRAYSPERPARTITION=256

USER $APP_UID
EXPOSE 9000 9001 9002
ENTRYPOINT ["dotnet", "/app/Gateway.Proxy.dll"]
