// ls, show, create, rm, clients: their tables, their documents, their refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/cli_test.hpp"

namespace busbar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

class CliChannels : public CliTest {
 protected:
  Json json(Words words) const {
    words.emplace_back("--json");
    const Ran ran = busbar(words);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return Json::parse(ran.out);
  }
};

std::set<std::string> keys(const Json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  return names;
}

const std::set<std::string> kChannelKeys{
    "name",       "capacity",   "max_message", "when_full",   "block_timeout_ns", "max_publishers",
    "tail",       "sequence",   "dropped",     "memory",      "max_subscribers",  "alignment",
    "segment",    "fences",     "publishers",  "subscribers", "claimed",          "evicted",
    "huge_pages", "huge_bytes", "numa_node",   "lock_memory", "fallbacks",        "load"};

TEST_F(CliChannels, CreateTellsWhatTheChannelBecame) {
  const Json channel =
      json({"create",           "c",    "--capacity",        "1MiB", "--max-message", "100000",
            "--max-publishers", "3",    "--max-subscribers", "5",    "--when-full",   "drop_newest",
            "--block-timeout",  "1.5s", "--alignment",       "64",   "--segment",     "named",
            "--fences",         "full"})
          .at("channel");
  EXPECT_EQ(keys(channel), kChannelKeys);
  EXPECT_EQ(channel.at("name"), "c");
  EXPECT_EQ(channel.at("capacity"), 1 << 20);
  EXPECT_GE(channel.at("max_message"), 100000);
  EXPECT_EQ(channel.at("max_publishers"), 3);
  EXPECT_EQ(channel.at("max_subscribers"), 5);
  EXPECT_EQ(channel.at("when_full"), "drop_newest");
  EXPECT_EQ(channel.at("block_timeout_ns"), 1'500'000'000);
  EXPECT_EQ(channel.at("alignment"), 64);
  EXPECT_EQ(channel.at("segment"), "named");
  EXPECT_EQ(channel.at("fences"), "full");
  EXPECT_THAT(busbar({"show", "c"}).out, HasSubstr("capacity     1MiB\n"));
}

TEST_F(CliChannels, CreateTakesEveryPolicyForAFullRing) {
  for (const char* policy : {"block", "drop_newest", "evict"}) {
    const Json channel = json({"create", policy, "--when-full", policy}).at("channel");
    EXPECT_EQ(channel.at("when_full"), policy);
    EXPECT_EQ(channel.at("evicted"), 0);
    EXPECT_THAT(busbar({"show", policy}).out, HasSubstr(std::string("when full    ") + policy));
    EXPECT_THAT(busbar({"ls"}).out, HasSubstr(policy));
  }
}

TEST_F(CliChannels, CreateTwiceIsFineWithTheSameSettingsOnly) {
  EXPECT_EQ(busbar({"create", "c", "--capacity", "1MiB"}).status, 0);
  EXPECT_EQ(busbar({"create", "c", "--capacity", "1MiB"}).status, 0);
  const Ran other = busbar({"create", "c", "--capacity", "2MiB"});
  EXPECT_EQ(other.status, 1);
  EXPECT_EQ(other.out, "");
  EXPECT_THAT(other.err, StartsWith("busbar: "));
  EXPECT_THAT(other.err, HasSubstr("\"c\""));
}

TEST_F(CliChannels, CreateSaysWhoMayUseIt) {
  ASSERT_EQ(
      busbar({"create", "--publish", "daemon,4711", "--subscribe", "@daemon", "orders"}).status, 0);
  const std::string shown = busbar({"show", "orders"}).out;
  EXPECT_THAT(shown, HasSubstr("segment      sealed\n"));
  EXPECT_THAT(shown, HasSubstr("publish by   daemon (1), 4711\nsubscribe by @daemon (1)\n"));
}

TEST_F(CliChannels, CreateRefusesUsersThatThereAreNot) {
  const auto ran = busbar({"create", "orders", "--publish", "nobody-of-this-name"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("\"nobody-of-this-name\" is no user of this machine"));
  EXPECT_EQ(busbar({"create", "orders", "--subscribe", "@"}).status, 2);
}

TEST_F(CliChannels, ReloadWithoutAConfigurationFileIsRefused) {
  const auto ran = busbar({"reload"});
  EXPECT_NE(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("started without a configuration file"));
}

TEST_F(CliChannels, LsListsChannelsByName) {
  EXPECT_EQ(json({"ls"}), Json::parse(R"({"channels": []})"));
  EXPECT_THAT(busbar({"ls"}).out, StartsWith("NAME "));
  ASSERT_EQ(busbar({"create", "b"}).status, 0);
  ASSERT_EQ(busbar({"create", "a", "--capacity", "64KiB", "--max-publishers", "2"}).status, 0);
  ASSERT_EQ(busbar({"pub", "a"}, "1\n2\n").status, 0);
  const Json channels = json({"ls"}).at("channels");
  ASSERT_EQ(channels.size(), 2u);
  EXPECT_EQ(keys(channels[0]), kChannelKeys);
  EXPECT_EQ(channels[0].at("name"), "a");
  EXPECT_EQ(channels[0].at("sequence"), 2);
  EXPECT_EQ(channels[1].at("name"), "b");
  const Ran table = busbar({"ls"});
  EXPECT_THAT(table.out, ::testing::ContainsRegex("a +64KiB +0/2 +0/64 +2 "));
  EXPECT_EQ(table.err, "");
}

TEST_F(CliChannels, ShowTellsMembersAndTheirLag) {
  Bus bus = broker_.connect("lazy one");
  Subscriber lazy = bus.subscriber("c");
  Publisher publisher = bus.publisher("c");
  publisher.publish(std::as_bytes(std::span("1234")));
  const Json document = json({"show", "c"});
  EXPECT_EQ(keys(document), (std::set<std::string>{"channel", "publish", "publishers", "subscribe",
                                                   "subscribers"}));
  EXPECT_EQ(keys(document.at("channel")), kChannelKeys);
  const Json& subscriber = document.at("subscribers").at(0);
  EXPECT_EQ(keys(subscriber), (std::set<std::string>{"seat", "client", "name", "pid", "state",
                                                     "cursor", "lag_bytes", "lost", "held"}));
  EXPECT_EQ(subscriber.at("name"), "lazy one");
  EXPECT_EQ(subscriber.at("pid"), ::getpid());
  EXPECT_EQ(subscriber.at("state"), "reliable");
  EXPECT_GE(subscriber.at("lag_bytes"), 5);
  const Json& holder = document.at("publishers").at(0);
  EXPECT_EQ(keys(holder),
            (std::set<std::string>{"slot", "client", "name", "pid", "ended", "open_bytes"}));
  EXPECT_EQ(holder.at("ended"), false);
  const Ran text = busbar({"show", "c"});
  EXPECT_THAT(text.out, HasSubstr("SUBSCRIBER"));
  EXPECT_THAT(text.out, HasSubstr("lazy one"));
}

TEST_F(CliChannels, ShowOfNoChannelIsAnError) {
  const Ran ran = busbar({"show", "nothing"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("\"nothing\""));
}

TEST_F(CliChannels, RmWithMembersNeedsForce) {
  EXPECT_EQ(busbar({"rm", "c"}).status, 1);
  Bus bus = broker_.connect("holder");
  Subscriber subscriber = bus.subscriber("c");
  const Ran refused = busbar({"rm", "c"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("holder"));
  EXPECT_EQ(busbar({"rm", "c", "--force"}).status, 0);
  EXPECT_EQ(subscriber.receive(kPatience).outcome(), Outcome::closed);
  EXPECT_EQ(json({"ls"}).at("channels").size(), 0u);
}

TEST_F(CliChannels, RmWithoutMembersSaysNothing) {
  ASSERT_EQ(busbar({"create", "c"}).status, 0);
  const Ran ran = busbar({"rm", "c"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out + ran.err, "");
}

TEST_F(CliChannels, ClientsAreListed) {
  Bus bus = broker_.connect("a client");
  Subscriber subscriber = bus.subscriber("c");
  const Json clients = json({"clients"}).at("clients");
  bool found = false;
  for (const Json& client : clients) {
    EXPECT_EQ(keys(client),
              (std::set<std::string>{"id", "name", "pid", "uid", "library", "publishers",
                                     "subscribers", "connected", "state"}));
    if (client.at("name") != "a client") continue;
    found = true;
    EXPECT_EQ(client.at("pid"), ::getpid());
    EXPECT_EQ(client.at("uid"), ::getuid());
    EXPECT_EQ(client.at("subscribers"), 1);
    EXPECT_EQ(client.at("connected"), true);
    EXPECT_EQ(client.at("state"), "running");
  }
  EXPECT_TRUE(found);
  EXPECT_THAT(busbar({"clients"}).out, HasSubstr("a client"));
}

TEST_F(CliChannels, OutputThatCannotBeWrittenIsAnError) {
  for (const char* verb : {"ls", "clients"}) {
    Process process = start({verb}, {.stdout_file = "/dev/full"});
    EXPECT_EQ(process.wait(), 1);
    EXPECT_EQ(process.stderr_text(), "busbar: standard output: No space left on device\n");
  }
}

}  // namespace
}  // namespace busbar::test
