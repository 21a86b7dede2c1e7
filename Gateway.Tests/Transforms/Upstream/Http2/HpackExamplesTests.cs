using Gateway.Transforms.Upstream.Http2;

namespace Gateway.Tests.Transforms.Upstream.Http2;

/// <summary>The examples of RFC 7541 appendix C, each with what it says is in the table then.</summary>
[TestFixture]
internal sealed class HpackExamplesTests
{
    private const string Date1 = "Mon, 21 Oct 2013 20:13:21 GMT";
    private const string Date2 = "Mon, 21 Oct 2013 20:13:22 GMT";
    private const string Location = "https://www.example.com";
    private const string Cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";

    /// <summary>The answers are those of a table of 256 bytes.</summary>
    private const string Of256Bytes = "3fe101";

    private static readonly (string Name, string Value)[] Get = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")];

    [TestCase("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "custom-key", "custom-header", true, TestName = "C.2.1 literal with indexing")]
    [TestCase("040c2f73616d706c652f70617468", ":path", "/sample/path", false, TestName = "C.2.2 literal without indexing")]
    [TestCase("100870617373776f726406736563726574", "password", "secret", false, TestName = "C.2.3 literal never indexed")]
    [TestCase("82", ":method", "GET", false, TestName = "C.2.4 indexed")]
    public void Decode_OneField_IsThatField(string block, string name, string value, bool isAdded)
    {
        var sut = new HpackDecoder();

        AssertReads(sut, block, [(name, value)], isAdded ? [(name, value)] : []);
        AssertNoMore(sut, isAdded ? 1 : 0);
    }

    [TestCase("828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865", "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", TestName = "C.3 requests")]
    [TestCase("828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf", "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", TestName = "C.4 requests with Huffman")]
    public void Decode_Requests_AreThose(string first, string second, string third)
    {
        var sut = new HpackDecoder();
        (string, string) authority = Get[^1], cache = ("cache-control", "no-cache"), custom = ("custom-key", "custom-value");

        AssertReads(sut, first, Get, [authority]);
        AssertReads(sut, second, [.. Get, cache], [cache, authority]);
        AssertReads(
            sut, third, [(":method", "GET"), (":scheme", "https"), (":path", "/index.html"), authority, custom], [custom, cache, authority]);
        AssertNoMore(sut, 3);
    }

    [TestCase(
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
        TestName = "C.5 answers")]
    [TestCase(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        TestName = "C.6 answers with Huffman")]
    public void Decode_Answers_AreThose(string first, string second, string third)
    {
        var sut = new HpackDecoder();
        (string, string) status = (":status", "302"), status7 = (":status", "307"), cache = ("cache-control", "private"), location = ("location", Location);
        (string, string) date1 = ("date", Date1), date2 = ("date", Date2), gzip = ("content-encoding", "gzip"), cookie = ("set-cookie", Cookie);

        AssertReads(sut, Of256Bytes + first, [status, cache, date1, location], [location, date1, cache, status]);
        AssertReads(sut, second, [status7, cache, date1, location], [status7, location, date1, cache]);
        AssertReads(sut, third, [(":status", "200"), cache, date2, location, gzip, cookie], [cookie, gzip, date2]);
        AssertNoMore(sut, 3);
    }

    /// <param name="sut">The decoder of the connection.</param>
    /// <param name="block">What comes.</param>
    /// <param name="fields">What is in it.</param>
    /// <param name="table">What is in the table afterwards, newest first.</param>
    private static void AssertReads(HpackDecoder sut, string block, (string, string)[] fields, (string, string)[] table)
    {
        Assert.That(HeardFields.Of(sut, Convert.FromHexString(block)), Is.EqualTo(fields));
        Assert.That(HeardFields.Of(sut, [.. table.Select((_, at) => Index(at))]), Is.EqualTo(table));
    }

    private static void AssertNoMore(HpackDecoder sut, int count) => Assert.That(() => HeardFields.Of(sut, [Index(count)]), Throws.TypeOf<HpackException>());

    private static byte Index(int at) => (byte)(0x80 | (62 + at));
}
