using Gateway.Proxy.Settings;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Gateway.Proxy.Routing;

/// <summary>
/// Messages and services that are unknown at build time, made known by files of <c>protoc --include_imports --descriptor_set_out</c>.
/// </summary>
internal static class DescriptorSets
{
    public const string Setting = "Gateway:DescriptorSets";

    /// <summary>The files as they are, by full path.</summary>
    /// <exception cref="ConfigurationRefusedException">A file is missing or cannot be read.</exception>
    public static IReadOnlyList<KeyValuePair<string, byte[]>> Read(IEnumerable<string> paths, string baseFolder) =>
        [.. paths.Select(path => Path.GetFullPath(path, baseFolder)).Select(path => KeyValuePair.Create(path, Read(path)))];

    /// <exception cref="ConfigurationRefusedException">A file is no descriptor set, or lacks what it imports.</exception>
    public static IReadOnlyList<FileDescriptor> Link(IEnumerable<KeyValuePair<string, byte[]>> files) =>
        [.. files.SelectMany(file => Link(file.Key, file.Value))];

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, "cannot be opened", "mount it there or correct the setting", exception);
        }
    }

    private static IReadOnlyList<FileDescriptor> Link(string path, byte[] bytes)
    {
        try
        {
            var files = FileDescriptorSet.Parser.ParseFrom(bytes).File;
            return FileDescriptor.BuildFromByteStrings(files.Select(file => file.ToByteString()));
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentException or DescriptorValidationException)
        {
            throw Refused(path, "is no complete descriptor set", "make it with 'protoc --include_imports --descriptor_set_out'", exception);
        }
    }

    private static ConfigurationRefusedException Refused(string path, string problem, string cure, Exception cause) =>
        new([$"{Setting}: the file '{path}' {problem} ({cause.Message.TrimEnd('.')}); {cure}."], cause);
}
