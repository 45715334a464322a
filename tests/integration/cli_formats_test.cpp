// What goes in comes out, byte for byte, whatever the bytes are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/cli_test.hpp"

namespace busbar::test {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

std::vector<std::string> nasty_inputs() {
  return {""s,
          "\n"s,
          "\n\n\n"s,
          "a"s,
          "a\nb"s,
          "a\n\nb\n"s,
          "\r\n\r\n"s,
          "\0"s,
          "\0\0\0\0"s,
          "\0\n\0\0\n\n\0"s,
          std::string(100'000, '\0'),
          std::string(100'000, '\n'),
          noise(1),
          noise(4096),
          noise(3'000'001)};
}

class CliFormats : public CliTest {
 protected:
  /// What a subscriber writes of what a publisher read from its standard input.
  std::string through_pipe(const Words& pub, const Words& sub, std::string_view input) const {
    Process subscriber = subscribe("c", sub);
    Words words{"pub", "c", "--end"};
    words.insert(words.end(), pub.begin(), pub.end());
    const Ran publisher = busbar(words, input);
    EXPECT_EQ(publisher.status, 0) << publisher.err;
    EXPECT_EQ(publisher.err, "");
    EXPECT_EQ(subscriber.wait(), 0) << subscriber.stderr_text();
    return subscriber.stdout_text();
  }

  /// The same from file to file.
  std::string through_files(const Words& pub, const Words& sub, std::string_view input) const {
    const std::string to = broker_.directory().path("received");
    Words sub_words = sub;
    sub_words.insert(sub_words.end(), {"-o", to});
    Words pub_words = pub;
    pub_words.push_back(write_file("sent", input));
    EXPECT_EQ(through_pipe(pub_words, sub_words, ""), "");
    return read_file(to);
  }

  std::uint64_t published() { return broker_.connect().channel("c").channel.sequence; }
};

TEST_F(CliFormats, LinesAreExactButForAMissingLastNewline) {
  for (const std::string& input : nasty_inputs()) {
    const bool is_cut = !input.empty() && input.back() != '\n';
    const std::string expected = is_cut ? input + "\n" : input;
    // Not EXPECT_EQ: it would print megabytes.
    EXPECT_TRUE(through_pipe({}, {}, input) == expected) << input.size();
    EXPECT_TRUE(through_files({"--lines"}, {"--lines"}, input) == expected) << input.size();
  }
}

TEST_F(CliFormats, ChunksAreExact) {
  for (const std::string& input : nasty_inputs()) {
    for (const char* size : {"7", "4096", "64KiB", "1MiB"}) {
      EXPECT_TRUE(through_pipe({"--chunk", size}, {"--raw"}, input) == input)
          << input.size() << " in " << size;
      EXPECT_TRUE(through_files({"--chunk", size}, {"--raw"}, input) == input)
          << input.size() << " in " << size;
    }
  }
}

TEST_F(CliFormats, ChunksAreFullWhereverTheyComeFrom) {
  const std::string input = noise(2 * 65536 + 10);
  const std::string expected =
      length_prefixed({input.substr(0, 65536), input.substr(65536, 65536), input.substr(131072)});
  EXPECT_TRUE(through_pipe({"--chunk", "65536"}, {"--length-prefixed"}, input) == expected);
  EXPECT_TRUE(through_files({"--chunk", "65536"}, {"--length-prefixed"}, input) == expected);
}

TEST_F(CliFormats, AFileIsReadFromWhereItsDescriptorStands) {
  const std::string file = write_file("sent", noise(300'000));
  Process subscriber = subscribe("c", {"--raw"});
  const Ran ran =
      run({"/bin/sh", "-c",
           "{ head -c 100000 >/dev/null; exec \"$0\" --socket \"$1\" pub c --chunk 64KiB "
           "--end; } <\"$2\"",
           BUSBAR_CLI_PATH, broker_.socket(), file});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_TRUE(subscriber.stdout_text() == noise(300'000).substr(100'000));
}

TEST_F(CliFormats, AFileThatSaysItIsEmptyIsReadAllTheSame) {
  const std::string expected = read_file("/proc/version");
  ASSERT_FALSE(expected.empty());
  Process subscriber = subscribe("c", {"--raw"});
  EXPECT_EQ(busbar({"pub", "c", "--chunk", "64KiB", "--end", "/proc/version"}).status, 0);
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.stdout_text(), expected);
}

TEST_F(CliFormats, LengthPrefixedIsExact) {
  const std::vector<std::vector<std::string>> streams{{},
                                                      {""},
                                                      {"", "", ""},
                                                      {"\n"},
                                                      {"a", "", "\0\0"s, "\n\n"},
                                                      {noise(1'000'000), "", noise(300'000)}};
  for (const auto& messages : streams) {
    const std::string input = length_prefixed(messages);
    EXPECT_TRUE(through_pipe({"--length-prefixed"}, {"--length-prefixed"}, input) == input);
    EXPECT_TRUE(through_files({"--length-prefixed"}, {"--length-prefixed"}, input) == input);
  }
}

TEST_F(CliFormats, MessagesWithoutBytesAreMessages) {
  EXPECT_EQ(through_pipe({"--length-prefixed"}, {}, length_prefixed({"", "a", ""})), "\na\n\n");
  EXPECT_EQ(through_pipe({}, {"--length-prefixed"}, "\n\nx"), length_prefixed({"", "", "x"}));
}

TEST_F(CliFormats, TheLargestMessageFitsAndOneByteMoreIsRefused) {
  ASSERT_EQ(busbar({"create", "c", "--capacity", "256KiB"}).status, 0);
  const std::string largest(65536, 'x');
  EXPECT_TRUE(through_pipe({}, {}, largest + "\n") == largest + "\n");
  EXPECT_TRUE(through_files({"--chunk", "64KiB"}, {"--raw"}, largest) == largest);
  const std::string framed = length_prefixed({largest});
  EXPECT_TRUE(through_pipe({"--length-prefixed"}, {"--length-prefixed"}, framed) == framed);

  const std::uint64_t before = published();
  const Ran line = busbar({"pub", "c"}, "a\nb\n" + largest + "x\nc\n");
  EXPECT_EQ(line.status, 1);
  EXPECT_THAT(line.err, HasSubstr("line 3 has 65537 bytes, channel \"c\" takes 65536; "));
  const Ran chunk = busbar({"pub", "c", "--chunk", "65537"}, largest + "x");
  EXPECT_EQ(chunk.status, 1);
  EXPECT_THAT(chunk.err, HasSubstr("a chunk has 65537 bytes, channel \"c\" takes 65536; "));
  const Ran prefixed =
      busbar({"pub", "c", "--length-prefixed"}, length_prefixed({"", largest + "x"}));
  EXPECT_EQ(prefixed.status, 1);
  EXPECT_THAT(prefixed.err, HasSubstr("message 2 has 65537 bytes, channel \"c\" takes 65536; "));
  EXPECT_EQ(published(), before + 2 + 0 + 1);
}

TEST_F(CliFormats, AnEndlessLineIsRefusedInTheEnd) {
  ASSERT_EQ(busbar({"create", "c", "--capacity", "256KiB"}).status, 0);
  Process publisher = start({"pub", "c"}, {.stdin_file = "/dev/zero"});
  EXPECT_EQ(publisher.wait(), 1);
  EXPECT_THAT(publisher.stderr_text(), HasSubstr("line 1 has at least "));
}

TEST_F(CliFormats, AStreamThatIsCutShortIsAnErrorAndNothingHalfIsPublished) {
  const std::string whole = length_prefixed({"first"});
  const Ran in_length = busbar({"pub", "c", "--length-prefixed"}, whole + "\1\0"s);
  EXPECT_EQ(in_length.status, 1);
  EXPECT_THAT(in_length.err,
              HasSubstr("message 2: the input ends within its length, after 2 of 4"));
  EXPECT_EQ(published(), 1u);
  const Ran in_payload = busbar({"pub", "c", "--length-prefixed"}, whole + "\5\0\0\0seco"s);
  EXPECT_EQ(in_payload.status, 1);
  EXPECT_THAT(in_payload.err,
              HasSubstr("message 2: the input ends within its payload, after 4 of 5"));
  EXPECT_EQ(published(), 2u);
}

}  // namespace
}  // namespace busbar::test
