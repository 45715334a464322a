#pragma once

#include <sys/types.h>

#include <busbar/info.hpp>
#include <string>
#include <vector>

#include "cli/verb.hpp"

namespace busbar::cli {

/// What is at a path where a broker's control socket may be.
struct SocketProbe {
  enum class State {
    missing,
    not_a_socket,
    denied,          // the caller may not connect
    nobody_listens,  // a broker died without removing it
    other_program,   // somebody listens who is no broker
    silent,          // somebody listens and does not answer
    refused,         // a broker answers that does not take the caller
    full,            // a broker answers that has as many clients as it may
    other_version,   // a broker answers that has no version in common with this library
    failed,          // anything else
    answers
  };

  std::string path;
  State state = State::missing;
  std::string words;   // the error's
  std::string denier;  // denied: the socket or the folder in front of it
  uid_t owner = 0;     // denied, else the socket's
  gid_t group = 0;
  mode_t mode = 0;
  pid_t listener = 0;  // the broker's process; 0: unknown
  bool listener_stopped = false;
  // answers: what it told
  BrokerInfo broker;
  std::vector<ChannelInfo> channels;
  std::vector<ClientInfo> clients;  // none for who may not list them
};

/// `service`: the process of the machine's unit, 0 if none runs. Never throws busbar::Error. Waits
/// for an answer for at most three seconds.
SocketProbe probe_socket(const std::string& path, const CommonOptions& options, pid_t service);

}  // namespace busbar::cli
