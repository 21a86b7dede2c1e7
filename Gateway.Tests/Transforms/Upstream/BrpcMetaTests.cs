using System.Text;
using Gateway.Tests.Support;
using Gateway.Tests.Transforms.Wire;
using Gateway.Transforms.Upstream.Brpc;

namespace Gateway.Tests.Transforms.Upstream;

[TestFixture]
internal sealed class BrpcMetaTests
{
    [Test]
    public void Read_AllFields_AreAsWritten()
    {
        var sut = new BrpcMeta(BrpcSubServiceConnection.Meta(7, 2001, "no 用户", 2, 9, ("a", "b")));

        Assert.That((sut.IsSound, sut.CorrelationId, sut.ErrorCode, sut.CompressType, sut.AttachmentSize), Is.EqualTo((true, (long?)7, 2001, 2, 9)));
        Assert.That(Encoding.UTF8.GetString(sut.ErrorText), Is.EqualTo("no 用户"));
        Assert.That(sut.ReadUserFields(), Is.EqualTo(new[] { KeyValuePair.Create("a", "b") }));
    }

    [Test]
    public void Read_Nothing_IsAGoodAnswerOfNobody()
    {
        var sut = new BrpcMeta([]);

        Assert.That((sut.IsSound, sut.CorrelationId, sut.ErrorCode, sut.CompressType, sut.AttachmentSize), Is.EqualTo((true, (long?)null, 0, 0, 0)));
    }

    [TestCase(-1)]
    [TestCase(int.MinValue)]
    [TestCase(long.MaxValue)]
    public void Read_CorrelationId_HasAllItsBits(long id) => Assert.That(new BrpcMeta(Raw.Integer(4, (ulong)id)).CorrelationId, Is.EqualTo(id));

    [Test]
    public void Read_FieldsTwice_TheLastCounts()
    {
        var sut = new BrpcMeta([.. BrpcSubServiceConnection.Meta(1, 5, "first"), .. Raw.Bytes(2, Raw.Integer(1, 6)), .. Raw.Integer(4, 2)]);

        Assert.That((sut.CorrelationId, sut.ErrorCode), Is.EqualTo(((long?)2, 6)));
        Assert.That(Encoding.UTF8.GetString(sut.ErrorText), Is.EqualTo("first"), "Two messages of one field are one");
    }

    [Test]
    public void Read_UnknownFieldsAndTypes_ArePassedOver()
    {
        var sut = new BrpcMeta(
        [
            .. Raw.Bytes(1, [1, 2, 3]), .. Raw.Bits32(3, 9), .. Raw.Bits64(4, 9), .. Raw.Text(5, "x"), .. Raw.Integer(9, 1), .. Raw.Text(100, "hulu"),
            .. Raw.Bytes(2, [.. Raw.Text(1, "x"), .. Raw.Integer(2, 1), .. Raw.Bits32(3, 1)]), .. Raw.Integer(4, 3, tagBytes: 3, valueBytes: 10),
        ]);

        Assert.That((sut.IsSound, sut.CorrelationId, sut.ErrorCode, sut.CompressType, sut.AttachmentSize), Is.EqualTo((true, (long?)3, 0, 0, 0)));
        Assert.That(sut.ReadUserFields(), Is.Empty);
    }

    [TestCase(new byte[] { 0x0B })]
    [TestCase(new byte[] { 0x00 })]
    [TestCase(new byte[] { 0x80 })]
    [TestCase(new byte[] { 0x12, 0x05, 0x08 })]
    [TestCase(new byte[] { 0x12, 0x01, 0x08 })]
    [TestCase(new byte[] { 0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [TestCase(new byte[] { 0x19, 1, 2, 3 })]
    [TestCase(new byte[] { 0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 })]
    public void Read_Broken_SaysSo_AndStillWhoseItIs(byte[] broken)
    {
        var sut = new BrpcMeta([.. Raw.Integer(4, 3), .. broken]);

        Assert.That((sut.IsSound, sut.CorrelationId), Is.EqualTo((false, (long?)3)));
    }

    [Test]
    public void Read_BrokenWithinTheResponse_StillReadsWhatFollows() =>
        Assert.That(new BrpcMeta([.. Raw.Bytes(2, [0x0B]), .. Raw.Integer(4, 3)]).CorrelationId, Is.EqualTo(3));

    [TestCase("", "b")]
    [TestCase("a", "line\r\nbreak")]
    [TestCase("a\0", "b")]
    [TestCase("ä", "b")]
    [TestCase("a", "用")]
    public void ReadUserFields_WhatHttpCannotCarry_IsLeftOut(string name, string value) =>
        Assert.That(new BrpcMeta(BrpcSubServiceConnection.Meta(1, fields: [(name, value), ("kept", "")])).ReadUserFields(), Is.EqualTo(new[] { KeyValuePair.Create("kept", "") }));

    [Test]
    public void ReadUserFields_Many_AreBounded()
    {
        var meta = BrpcSubServiceConnection.Meta(1, fields: [.. Enumerable.Repeat(("a", new string('b', 1000)), 1000)]);

        Assert.That(new BrpcMeta(meta).ReadUserFields(), Has.Count.EqualTo(65));
    }
}
