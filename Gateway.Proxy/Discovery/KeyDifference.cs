using Google.Protobuf;

namespace Gateway.Proxy.Discovery;

/// <summary>A key whose last change is another one in etcd than here; 0 is for a missing key.</summary>
internal readonly record struct KeyDifference(ByteString Key, long RevisionInEtcd, long RevisionHere);
