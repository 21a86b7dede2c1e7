using ChatDemo.Storage;
using Gateway.Protocol;
using Grpc.Core;

namespace ChatDemo.Services;

/// <summary>Upload and download.</summary>
internal sealed class FileRpc(FileStore files) : FileService.FileServiceBase
{
    public override Task<PutSingleFileRsp> PutSingleFile(PutSingleFileReq request, ServerCallContext context) =>
        Task.FromResult(new PutSingleFileRsp { FileInfo = Put(request.FileData) });

    public override Task<PutMultiFileRsp> PutMultiFile(PutMultiFileReq request, ServerCallContext context) =>
        Task.FromResult(new PutMultiFileRsp { FileInfo = { request.FileData.Select(Put) } });

    public override Task<GetSingleFileRsp> GetSingleFile(GetSingleFileReq request, ServerCallContext context) =>
        Task.FromResult(new GetSingleFileRsp { FileData = files.Get(request.FileId) });

    public override Task<GetMultiFileRsp> GetMultiFile(GetMultiFileReq request, ServerCallContext context)
    {
        var response = new GetMultiFileRsp();
        foreach (var fileId in request.FileIdList)
        {
            response.FileData[fileId] = files.Get(fileId);
        }

        return Task.FromResult(response);
    }

    private FileMessageInfo Put(FileUploadData? file)
    {
        if (file is null)
        {
            throw new RefusedException("No file was sent.");
        }

        return files.Put(file.FileName, file.FileContent);
    }
}
