#include "common/control/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.hpp"

namespace busbar::control {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// What a packet is refused with; "accepted" if it is not.
std::string refusal(const std::string& packet) {
  try {
    std::uint64_t id = 0;
    decode_request(packet, id);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.errc(), Errc::protocol);
    return error.what();
  }
}

Request decoded(const std::string& packet) {
  std::uint64_t id = 0;
  return decode_request(packet, id);
}

template <class Body>
Body round_trip(const Body& body) {
  return std::get<Body>(decode_reply(encode(Reply{5, body})).body);
}

TEST(Codec, ReadsARequestOfTheDocumentedShape) {
  const Request request =
      decoded(R"({"id":7,"request":"open","channel":"quotes","role":"subscriber"})");
  EXPECT_EQ(request.id, 7u);
  EXPECT_EQ(std::get<Open>(request.body).channel, "quotes");
  EXPECT_EQ(std::get<Open>(request.body).role, Role::subscriber);
}

TEST(Codec, WritesARequestThatItReads) {
  Hello hello;
  hello.protocol = 1;
  hello.name = "feed";
  hello.process = {4711, 123456789, 4026531836};
  const Request request = decoded(encode(Request{3, hello}));
  EXPECT_EQ(request.id, 3u);
  EXPECT_EQ(std::get<Hello>(request.body).process.start_time, 123456789u);
}

TEST(Codec, TakesAHelloOfWhoWasNeverHereBefore) {
  const Request request = decoded(
      R"({"id":1,"request":"hello","protocol":1,"library":"1","layout_from":1,"layout_to":1,)"
      R"("name":"a","process":{"pid":1,"start_time":2,"pid_namespace":3}})");
  EXPECT_EQ(std::get<Hello>(request.body).session, 0u);
  EXPECT_EQ(std::get<Hello>(request.body).last_grant, 0u);
}

TEST(Codec, KeepsTheChannelsThatAReturningClientHasLost) {
  Welcome welcome;
  welcome.epoch = 3;
  welcome.resumed = true;
  welcome.lost = {1, 18446744073709551615u};
  EXPECT_THAT(round_trip(welcome).lost, testing::ElementsAre(1u, 18446744073709551615u));
}

TEST(Codec, LeavesOutSettingsThatAreNotGiven) {
  Create create{"quotes", {}};
  create.settings.capacity = 4096;
  const std::string packet = encode(Request{1, create});
  EXPECT_THAT(packet, HasSubstr(R"("settings":{"capacity":4096})"));
  EXPECT_FALSE(std::get<Create>(decoded(packet).body).settings.max_message.has_value());
}

TEST(Codec, TakesDefaultsForOptionalKeys) {
  EXPECT_FALSE(
      std::get<Remove>(decoded(R"({"id":1,"request":"remove","channel":"a"})").body).force);
  EXPECT_EQ(std::get<Clients>(decoded(R"({"id":1,"request":"clients"})").body).after, 0u);
}

TEST(Codec, WritesAFailureAsAnError) {
  EXPECT_EQ(encode(Reply{7, Failure{9, "full"}}), R"({"error":{"code":9,"text":"full"},"id":7})");
}

TEST(Codec, ReadsAFailureItself) {
  const Reply reply = decode_reply(R"({"id":7,"error":{"code":9,"text":"full"}})");
  EXPECT_EQ(reply.id, 7u);
  EXPECT_EQ(std::get<Failure>(reply.body).code, 9);
}

TEST(Codec, KeepsNumbersOf64Bits) {
  ChannelReport report;
  report.claimed = 18446744073709551615u;
  EXPECT_EQ(round_trip(Created{report}).channel.claimed, 18446744073709551615u);
}

TEST(Codec, KeepsListsOfObjects) {
  ChannelShown shown;
  shown.publishers = {{0, 1, "a", 2, 3, true}, {1, 2, "b", 3, 4, false}};
  shown.next = 65;
  const ChannelShown read = round_trip(shown);
  ASSERT_EQ(read.publishers.size(), 2u);
  EXPECT_EQ(read.publishers[1].name, "b");
  EXPECT_TRUE(read.publishers[0].ended);
  EXPECT_EQ(read.next, 65u);
}

TEST(Codec, KeepsTheMessagesThatASubscriberHolds) {
  ChannelShown shown;
  shown.subscribers.resize(1);
  shown.subscribers[0].lost = 7;
  shown.subscribers[0].held = {{64, 5}, {18446744073709551615u, 4294967295u}};
  const ChannelShown read = round_trip(shown);
  ASSERT_EQ(read.subscribers.size(), 1u);
  EXPECT_EQ(read.subscribers[0].lost, 7u);
  ASSERT_EQ(read.subscribers[0].held.size(), 2u);
  EXPECT_EQ(read.subscribers[0].held[0].for_ms, 5u);
  EXPECT_EQ(read.subscribers[0].held[1].bytes, 18446744073709551615u);
}

ChannelReport largest_channel() {
  ChannelReport channel;
  channel.name = std::string(128, 'x');
  channel.capacity = channel.max_message = channel.block_timeout_ns = ~0ull;
  channel.when_full = "drop_newest";
  channel.segment = "sealed";
  channel.fences = "membarrier";
  channel.max_publishers = channel.max_subscribers = channel.alignment = ~0u;
  channel.publishers = channel.subscribers = ~0u;
  channel.claimed = channel.tail = channel.sequence = channel.dropped = ~0ull;
  channel.evicted = channel.memory = ~0ull;
  channel.huge_pages = "try";
  channel.huge_bytes = ~0ull;
  channel.numa_node = 1023;
  channel.fallbacks.assign(3, std::string(250, 'w'));
  const std::string name(128, '"');
  channel.load = {~0ull, ~0ull, name, ~0ull, ~0ull, ~0ull, ~0u, ~0ull, name};
  return channel;
}

TEST(Codec, MakesAPacketOfTheLargestPageOfSubscribers) {
  const HeldReport held{~0ull, ~0u};
  const SubscriberReport subscriber{255,        ~0ull,      std::string(128, '"'),
                                    2147483647, "reliable", ~0ull,
                                    ~0ull,      ~0ull,      std::vector<HeldReport>(8, held)};
  ChannelShown shown;
  shown.channel = largest_channel();
  shown.subscribers.assign(64, subscriber);
  shown.next = 320;
  EXPECT_LT(encode(Reply{~0ull, shown}).size(), kLargestPacket);
  EXPECT_EQ(round_trip(shown).subscribers.size(), 64u);
}

TEST(Codec, MakesAPacketOfTheLargestPageOfChannels) {
  const ChannelList list{std::vector<ChannelReport>(24, largest_channel()), true,
                         std::string(128, 'n')};
  EXPECT_LT(encode(Reply{~0ull, list}).size(), kLargestPacket);
  const ChannelList read = round_trip(list);
  ASSERT_EQ(read.channels.size(), 24u);
  EXPECT_EQ(read.channels[23].load.held_name, std::string(128, '"'));
  EXPECT_EQ(read.channels[23].load.held_for_ms, ~0u);
}

TEST(Codec, ReplacesBytesThatAreNoUtf8InReplies) {
  const Reply reply = decode_reply(encode(Reply{1, Failure{1, "a\xff"}}));
  EXPECT_EQ(std::get<Failure>(reply.body).text, "a\xef\xbf\xbd");
}

TEST(Codec, RefusesBytesThatAreNoUtf8) {
  EXPECT_THAT(refusal("{\"id\":1,\"request\":\"show\",\"channel\":\"\xff\"}"),
              HasSubstr("no JSON"));
}

TEST(Codec, RefusesAnUnknownKeyByName) {
  EXPECT_THAT(refusal(R"({"id":1,"request":"list","colour":"red"})"),
              HasSubstr("unknown key \"colour\""));
}

TEST(Codec, RefusesAMissingKeyByName) {
  EXPECT_THAT(refusal(R"({"id":1,"request":"open","channel":"a"})"), HasSubstr("no key \"role\""));
}

TEST(Codec, RefusesAWrongTypeWithWhatWasFound) {
  EXPECT_THAT(refusal(R"({"id":1,"request":"open","channel":true,"role":"publisher"})"),
              AllOf(HasSubstr("\"channel\""), HasSubstr("true"), HasSubstr("a string")));
}

TEST(Codec, RefusesNumbersOutOfRange) {
  for (const char* number : {"-1", "4294967296", "1.5", "1e3", "99999999999999999999"}) {
    const std::string packet = R"({"id":1,"request":"leave","channel_id":1,"role":"publisher",)"
                               R"("index":)" +
                               std::string(number) + "}";
    EXPECT_THAT(refusal(packet), HasSubstr("from 0 to 4294967295")) << number;
  }
}

TEST(Codec, RefusesARoleThatIsNone) {
  EXPECT_THAT(refusal(R"({"id":1,"request":"open","channel":"a","role":"owner"})"),
              HasSubstr("\"publisher\" or \"subscriber\""));
}

TEST(Codec, RefusesAnUnknownRequest) {
  EXPECT_THAT(refusal(R"({"id":1,"request":"dance"})"), HasSubstr("\"dance\""));
}

TEST(Codec, RefusesAReplyAsARequest) {
  EXPECT_NE(refusal(R"({"id":1,"reply":"done"})"), "accepted");
}

TEST(Codec, RefusesAKeyThatOccursTwice) {
  EXPECT_THAT(refusal(R"({"id":1,"id":2,"request":"list"})"), HasSubstr("occurs twice"));
}

TEST(Codec, RefusesDeepNestingWithoutRunningOutOfStack) {
  EXPECT_THAT(refusal(R"({"id":1,"request":"list","after":)" + std::string(16000, '[')),
              HasSubstr("nested deeper"));
}

TEST(Codec, RefusesWhatIsNoObject) {
  for (const char* packet :
       {"", "7", "[]", "null", "{", "{}x", "{\"id\":1,\"request\":\"list\"} {}"}) {
    EXPECT_NE(refusal(packet), "accepted") << packet;
  }
}

TEST(Codec, RefusesALongerPacketThanAllowed) {
  EXPECT_THAT(refusal(std::string(kLargestRequest + 1, ' ')), HasSubstr("16384"));
}

TEST(Codec, RefusesARequestOfMoreItemsThanAnyHas) {
  std::string users = "1";
  for (std::size_t i = 0; i < kMostRequestItems; ++i) users += ",1";
  const std::string start = R"({"id":1,"request":"create","channel":"a","settings":)";
  EXPECT_THAT(refusal(start + R"({"publish":{"users":[)" + users + "]}}}"),
              HasSubstr("lists of more items than any request has"));
}

TEST(Codec, TellsTheIdOfARequestThatItRefuses) {
  std::uint64_t id = 0;
  EXPECT_THROW(decode_request(R"({"id":42,"request":"dance"})", id), Error);
  EXPECT_EQ(id, 42u);
}

TEST(Codec, TellsNoIdWhereNoneCanBeRead) {
  std::uint64_t id = 42;
  EXPECT_THROW(decode_request(R"({"id":"x","request":"list"})", id), Error);
  EXPECT_EQ(id, 0u);
}

TEST(Codec, ReadsVersionsOfAHelloOfAnotherProtocolWhateverElseItHas) {
  const Request request =
      decoded(R"({"id":1,"request":"hello","protocol":2,"library":"9.0","shape":{"new":1}})");
  EXPECT_EQ(std::get<Hello>(request.body).protocol, 2);
  EXPECT_EQ(std::get<Hello>(request.body).library, "9.0");
}

TEST(Codec, EscapesWhatItQuotesOfAPacket) {
  EXPECT_THAT(refusal("{\"id\":1,\"request\":\"\\u001b[2J\"}"), HasSubstr("\\x1b"));
}

}  // namespace
}  // namespace busbar::control
