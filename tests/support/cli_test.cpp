#include "tests/support/cli_test.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

namespace busbar::test {

CliTest::Words CliTest::command(const Words& words) const {
  Words argv{BUSBAR_CLI_PATH, "--socket", broker_.socket()};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

Ran CliTest::busbar(const Words& words, std::string_view input) const {
  return run(command(words), input);
}

Process CliTest::start(const Words& words, const Process::Options& options) const {
  return Process(command(words), options);
}

Process CliTest::subscribe(const std::string& channel, const Words& words,
                           const Process::Options& options) const {
  Words all{"sub", channel};
  all.insert(all.end(), words.begin(), words.end());
  Process process = start(all, options);
  if (!process.wait_for_stderr("subscribed to \"" + channel + "\"\n")) {
    throw std::runtime_error("busbar sub does not subscribe: " + process.stderr_text());
  }
  return process;
}

std::string CliTest::write_file(const std::string& name, std::string_view bytes) const {
  const std::string path = broker_.directory().path(name);
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string noise(std::size_t size) {
  std::mt19937_64 random(7);
  std::string bytes;
  bytes.reserve(size + sizeof(std::uint64_t));
  while (bytes.size() < size) {
    const std::uint64_t word = random();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  bytes.resize(size);
  return bytes;
}

std::string length_prefixed(const std::vector<std::string>& messages) {
  std::string bytes;
  for (const std::string& message : messages) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>(static_cast<unsigned char>(message.size() >> shift));
    }
    bytes += message;
  }
  return bytes;
}

}  // namespace busbar::test
