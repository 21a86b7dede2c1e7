using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Proxy.Routing;

/// <summary>
/// Messages and services that are unknown at build time, made known by files of <c>protoc --include_imports --descriptor_set_out</c>.
/// </summary>
internal static class DescriptorSets
{
    public const string Setting = "Gateway:DescriptorSets";

    /// <exception cref="ConfigurationRefusedException">A file is missing, is no descriptor set, or lacks what it imports.</exception>
    public static IReadOnlyList<FileDescriptor> Load(IEnumerable<string> paths, string baseFolder) =>
        [.. paths.SelectMany(path => Load(Path.GetFullPath(path, baseFolder)))];

    private static IReadOnlyList<FileDescriptor> Load(string path)
    {
        try
        {
            var files = FileDescriptorSet.Parser.ParseFrom(File.ReadAllBytes(path)).File;
            return FileDescriptor.BuildFromByteStrings(files.Select(file => file.ToByteString()));
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentException or DescriptorValidationException)
        {
            throw Refused(path, "is no complete descriptor set", "make it with 'protoc --include_imports --descriptor_set_out'", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, "cannot be opened", "mount it there or correct the setting", exception);
        }
    }

    private static ConfigurationRefusedException Refused(string path, string problem, string cure, Exception cause) =>
        new([$"{Setting}: the file '{path}' {problem} ({cause.Message.TrimEnd('.')}); {cure}."], cause);
}
