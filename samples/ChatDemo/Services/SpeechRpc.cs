using Gateway.Protocol;
using Grpc.Core;

namespace ChatDemo.Services;

/// <summary>Speech to text would need a recogniser; the demo has none and says so.</summary>
internal sealed class SpeechRpc : SpeechService.SpeechServiceBase
{
    public override Task<SpeechRecognitionRsp> SpeechRecognition(SpeechRecognitionReq request, ServerCallContext context) =>
        throw new RefusedException("No speech recogniser is configured in this demo.");
}
