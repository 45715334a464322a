#pragma once

#include "common/control/messages.hpp"

// Which keys each message has: one list a message, used for writing and for reading. An archive A
// offers Ref<T> (T& or const T&), operator()(key, value) for what must be there and
// or_default(key, value) for what may be missing. No JSON here.

namespace busbar::control {

template <class A>
void fields(A& a, typename A::template Ref<ProcessStatement> m) {
  a("pid", m.pid);
  a("start_time", m.start_time);
  a("pid_namespace", m.pid_namespace);
}

template <class A>
void fields(A& a, typename A::template Ref<Hello> m) {
  a("protocol", m.protocol);
  a("library", m.library);
  a("layout_from", m.layout_from);
  a("layout_to", m.layout_to);
  a("name", m.name);
  a("process", m.process);
  a.or_default("session", m.session);
  a.or_default("secret", m.secret);
  a.or_default("last_grant", m.last_grant);
}

template <class A>
void fields(A& a, typename A::template Ref<Access> m) {
  a.or_default("everybody", m.everybody);
  a.or_default("users", m.users);
  a.or_default("groups", m.groups);
}

template <class A>
void fields(A& a, typename A::template Ref<ChannelSettings> m) {
  a("capacity", m.capacity);
  a("max_message", m.max_message);
  a("when_full", m.when_full);
  a("block_timeout_ns", m.block_timeout_ns);
  a("max_publishers", m.max_publishers);
  a("max_subscribers", m.max_subscribers);
  a("alignment", m.alignment);
  a("segment", m.segment);
  a("fences", m.fences);
  a("huge_pages", m.huge_pages);
  a("numa_node", m.numa_node);
  a("lock_memory", m.lock_memory);
  a("publish", m.publish);
  a("subscribe", m.subscribe);
}

template <class A>
void fields(A& a, typename A::template Ref<Create> m) {
  a("channel", m.channel);
  a.or_default("settings", m.settings);
}

template <class A>
void fields(A& a, typename A::template Ref<Open> m) {
  a("channel", m.channel);
  a("role", m.role);
}

template <class A>
void fields(A& a, typename A::template Ref<Leave> m) {
  a("channel_id", m.channel_id);
  a("role", m.role);
  a("index", m.index);
  a("grant", m.grant);
}

template <class A>
void fields(A& a, typename A::template Ref<Remove> m) {
  a("channel", m.channel);
  a.or_default("force", m.force);
}

template <class A>
void fields(A& a, typename A::template Ref<List> m) {
  a.or_default("after", m.after);
}

template <class A>
void fields(A& a, typename A::template Ref<Show> m) {
  a("channel", m.channel);
  a.or_default("from", m.from);
}

template <class A>
void fields(A& a, typename A::template Ref<Clients> m) {
  a.or_default("after", m.after);
}

template <class A>
void fields(A&, typename A::template Ref<Broker>) {}

template <class A>
void fields(A&, typename A::template Ref<Reload>) {}

template <class A>
void fields(A& a, typename A::template Ref<HeldUp> m) {
  a("channel_id", m.channel_id);
  a("role", m.role);
  a("index", m.index);
  a("grant", m.grant);
  a("by_role", m.by_role);
  a("by_index", m.by_index);
}

template <class A>
void fields(A& a, typename A::template Ref<Failure> m) {
  a("code", m.code);
  a("text", m.text);
}

template <class A>
void fields(A& a, typename A::template Ref<Welcome> m) {
  a("protocol", m.protocol);
  a("broker", m.broker);
  a("bus", m.bus);
  a("session", m.session);
  a("secret", m.secret);
  a("epoch", m.epoch);
  a("resumed", m.resumed);
  a("lost", m.lost);
}

template <class A>
void fields(A& a, typename A::template Ref<LoadReport> m) {
  a("lag_bytes", m.lag_bytes);
  a("lag_client", m.lag_client);
  a("lag_name", m.lag_name);
  a("lost", m.lost);
  a("held", m.held);
  a("held_bytes", m.held_bytes);
  a("held_for_ms", m.held_for_ms);
  a("held_client", m.held_client);
  a("held_name", m.held_name);
}

template <class A>
void fields(A& a, typename A::template Ref<ChannelReport> m) {
  a("name", m.name);
  a("capacity", m.capacity);
  a("max_message", m.max_message);
  a("block_timeout_ns", m.block_timeout_ns);
  a("when_full", m.when_full);
  a("segment", m.segment);
  a("fences", m.fences);
  a("max_publishers", m.max_publishers);
  a("max_subscribers", m.max_subscribers);
  a("alignment", m.alignment);
  a("publishers", m.publishers);
  a("subscribers", m.subscribers);
  a("claimed", m.claimed);
  a("tail", m.tail);
  a("sequence", m.sequence);
  a("dropped", m.dropped);
  a("evicted", m.evicted);
  a("memory", m.memory);
  a("huge_pages", m.huge_pages);
  a("huge_bytes", m.huge_bytes);
  a("numa_node", m.numa_node);
  a("lock_memory", m.lock_memory);
  a("fallbacks", m.fallbacks);
  a("load", m.load);
}

template <class A>
void fields(A& a, typename A::template Ref<Created> m) {
  a("channel", m.channel);
}

template <class A>
void fields(A& a, typename A::template Ref<Opened> m) {
  a("channel_id", m.channel_id);
  a("index", m.index);
  a("grant", m.grant);
}

template <class A>
void fields(A&, typename A::template Ref<Done>) {}

template <class A>
void fields(A& a, typename A::template Ref<ChannelList> m) {
  a("channels", m.channels);
  a("more", m.more);
  a("next", m.next);
}

template <class A>
void fields(A& a, typename A::template Ref<PublisherReport> m) {
  a("slot", m.slot);
  a("client", m.client);
  a("name", m.name);
  a("pid", m.pid);
  a("open_bytes", m.open_bytes);
  a("ended", m.ended);
}

template <class A>
void fields(A& a, typename A::template Ref<HeldReport> m) {
  a("bytes", m.bytes);
  a("for_ms", m.for_ms);
}

template <class A>
void fields(A& a, typename A::template Ref<SubscriberReport> m) {
  a("seat", m.seat);
  a("client", m.client);
  a("name", m.name);
  a("pid", m.pid);
  a("state", m.state);
  a("cursor", m.cursor);
  a("lag_bytes", m.lag_bytes);
  a("lost", m.lost);
  a("held", m.held);
}

template <class A>
void fields(A& a, typename A::template Ref<ChannelShown> m) {
  a("channel", m.channel);
  a("publish", m.publish);
  a("subscribe", m.subscribe);
  a("publishers", m.publishers);
  a("subscribers", m.subscribers);
  a("next", m.next);
}

template <class A>
void fields(A& a, typename A::template Ref<ClientReport> m) {
  a("id", m.id);
  a("name", m.name);
  a("pid", m.pid);
  a("uid", m.uid);
  a("library", m.library);
  a("publishers", m.publishers);
  a("subscribers", m.subscribers);
  a("connected", m.connected);
  a("state", m.state);
}

template <class A>
void fields(A& a, typename A::template Ref<ClientList> m) {
  a("clients", m.clients);
  a("more", m.more);
}

template <class A>
void fields(A& a, typename A::template Ref<Reloaded> m) {
  a("changes", m.changes);
}

template <class A>
void fields(A& a, typename A::template Ref<BrokerReport> m) {
  a("version", m.version);
  a("bus", m.bus);
  a("pid", m.pid);
  a("epoch", m.epoch);
  a("memory", m.memory);
  a("memory_limit", m.memory_limit);
  a("clients", m.clients);
  a("clients_limit", m.clients_limit);
  a("channels", m.channels);
  a("channels_limit", m.channels_limit);
  a("uptime_ms", m.uptime_ms);
  a("resident", m.resident);
  a("descriptors", m.descriptors);
  a("loop_turns", m.loop_turns);
  a("loop_p99_us", m.loop_p99_us);
  a("loop_max_us", m.loop_max_us);
}

}  // namespace busbar::control
