#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/raw_client.hpp"
#include "tests/support/test_broker.hpp"

namespace busbar::test {
namespace {

namespace fs = std::filesystem;
using control::Open;
using control::Opened;
using control::Role;

/// What a broker that cannot start, or that is told other limits, makes of what another has left.
class FailedStart : public ::testing::Test {
 protected:
  std::string script(const std::string& before) const {
    const std::string path = broker.directory().path("busbard.sh");
    std::ofstream(path) << "#!/bin/sh\n" << before << "\nexec " BUSBARD_PATH " \"$@\"\n";
    fs::permissions(path, fs::perms(0700));
    return path;
  }

  TestBroker broker;
};

TEST_F(FailedStart, CostsMembersNothing) {
  Bus bus = broker.connect();
  Publisher publisher = bus.publisher("quotes");
  broker.kill();
  const std::string aside = broker.socket() + ".aside";
  fs::rename(broker.socket(), aside);
  std::ofstream(broker.socket()) << "no socket\n";
  EXPECT_THROW(broker.start(), std::runtime_error);
  fs::remove(broker.socket());
  broker.start();
  Bus later = broker.connect("later");
  Subscriber newcomer = later.subscriber("quotes");
  ASSERT_EQ(publisher.publish(std::as_bytes(std::span("hello"))), Outcome::ok);
  EXPECT_EQ(newcomer.receive().outcome(), Outcome::ok);
}

TEST_F(FailedStart, ForWantOfDescriptorsCostsNoChannel) {
  RawClient client(broker.socket());
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) {
    names.push_back("c" + std::to_string(i));
    client.ask(Open{names.back(), Role::publisher}).as<Opened>();
  }
  broker.kill();
  EXPECT_THROW(broker.start(script("ulimit -n 60")), std::runtime_error);
  broker.start(BUSBARD_PATH);
  EXPECT_TRUE(
      broker.process().wait_for_stderr("taken over from the broker before: 40 channels, 1"));
}

TEST(LoweredLimits, KeepNobodyOutWhoWasThere) {
  const std::string start = R"({"defaults": {"max_subscribers": 200},
                                "channels": [{"name": "quotes"}], "limits": {"clients": )";
  TestBroker broker({.config = start + "300}}"});
  std::vector<RawClient> clients;
  std::vector<control::Welcome> welcomes;
  for (int i = 0; i < 150; ++i) {
    clients.push_back(RawClient::silent(broker.socket()));
    welcomes.push_back(clients.back().ask(RawClient::hello()).as<control::Welcome>());
    clients.back().ask(Open{"quotes", Role::subscriber}).as<Opened>();
  }
  broker.kill();
  std::ofstream(broker.directory().path("busbard.json")) << start << "10}}";
  broker.start();
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i] = RawClient::silent(broker.socket());
    control::Hello hello = RawClient::hello();
    hello.session = welcomes[i].session;
    hello.secret = welcomes[i].secret;
    EXPECT_TRUE(clients[i].ask(hello).as<control::Welcome>().resumed) << i;
  }
}

}  // namespace
}  // namespace busbar::test
