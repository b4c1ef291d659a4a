#include "tests/receiver/imap/model/run.hpp"

#include <algorithm>

namespace hearthmail::test::model {

namespace mail = store::mail;

namespace {

constexpr std::size_t kClients = 6;
constexpr Kind kKinds[kClients] = {Kind::Plain,   Kind::Condstore, Kind::Qresync,
                                   Kind::Qresync, Kind::Rev2,      Kind::Notify};

}  // namespace

Run::Run(ImapFixture& fixture, std::uint32_t seed) : fixture_(fixture), random_(seed), clients_(kClients) {
  for (std::size_t i = 0; i < 2; ++i) {
    boxes_[i].name = (i == 0 ? "A" : "B") + std::to_string(seed);
    const auto made = fixture_.mail->env().write(
        [&](mail::WriteTxn& txn) { return mail::create_mailbox(txn, fixture_.account, boxes_[i].name); });
    require(made.ok(), "a mailbox");
  }
}

Run::~Run() {
  clients_.clear();
  for (const Box& box : boxes_) {
    const auto id = fixture_.box(box.name);
    const auto gone = fixture_.mail->env().write([id](mail::WriteTxn& txn) { return mail::delete_mailbox(txn, id); });
    CHECK(gone.ok());
  }
}

void Run::note(const std::string& text) { transcript_ += text + "\n"; }

void Run::go(std::size_t steps) {
  for (std::size_t i = 0; i < kClients; ++i) {
    Client& client = clients_[i];
    client.name = "client " + std::to_string(i);
    client.kind = kKinds[i];
    connect(client);
    select(client);
  }
  for (std::size_t i = 0; i < steps; ++i) step();
  finish();
}

void Run::step() {
  if (pick(6) == 0) return together();
  Client& client = clients_[pick(kClients)];
  if (client.idling) return done(client);
  switch (pick(14)) {
    case 0: return select(client);
    case 1: return idle(client);
    case 2: return come_back(client);
    default: break;
  }
  perform(client, any_command(client));
}

// Several sessions at work at once, each with a command of its own.
void Run::together() {
  struct Sent {
    Client* client;
    Prepared prepared;
    std::string tag;
  };
  std::vector<Sent> sent;
  for (Client& client : clients_) {
    if (!client.idling && pick(3) != 0) sent.push_back({&client, any_command(client), ""});
  }
  for (Sent& each : sent) each.tag = send(*each.client, each.prepared.text);
  for (Sent& each : sent) {
    if (each.prepared.locally) each.prepared.locally();
    each.client->belief.read(receive(*each.client), each.tag, each.prepared.withheld);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    Box now = load(i);
    require(now.uid_next >= boxes_[i].uid_next && now.highest >= boxes_[i].highest, "UIDNEXT and HIGHESTMODSEQ grow");
    boxes_[i] = std::move(now);
  }
  for (Client& client : clients_) {
    if (client.idling) continue;
    catch_up(client);
    command(client, "NOOP", false);
    catch_up(client);
    compare(client, false);
  }
}

void Run::finish() {
  for (Client& client : clients_) {
    if (client.idling) done(client);
    command(client, "NOOP", false);
    catch_up(client);
    compare(client, false);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const Box stored = load(i);
    require(stored.uid_next == boxes_[i].uid_next, "UIDNEXT of " + stored.name);
    require(stored.highest == boxes_[i].highest, "HIGHESTMODSEQ of " + stored.name);
    require(stored.messages.size() == boxes_[i].messages.size(), "messages of " + stored.name);
    for (const auto& [uid, kept] : boxes_[i].messages) {
      const auto at = stored.messages.find(uid);
      require(at != stored.messages.end() && at->second.flags == kept.flags && at->second.modseq == kept.modseq,
              "UID " + std::to_string(uid) + " of " + stored.name);
    }
  }
}

void Run::connect(Client& client) {
  client.wire.reset();
  client.wire = std::make_unique<ImapClient>(fixture_, ImapClient::Options{1 + pick(200), true, true});
  client.wire->login();
  client.wire->take();
  if (client.kind == Kind::Qresync) client.wire->talk("e ENABLE QRESYNC\r\n");
  if (client.kind == Kind::Rev2) client.wire->talk("e ENABLE IMAP4rev2 CONDSTORE\r\n");
  // EXPUNGE is not told by itself, so that the numbers of the next command are those that the client knows.
  if (client.kind == Kind::Notify) {
    client.wire->talk(
        "e NOTIFY SET (selected-delayed (MessageNew (FLAGS) MessageExpunge FlagChange)) "
        "(personal (MessageNew MessageExpunge FlagChange MailboxName))\r\n");
  }
  client.belief.notified = client.kind == Kind::Notify;
  client.belief.rev2 = client.kind == Kind::Rev2;
  if (client.kind == Kind::Condstore) client.wire->talk("e ENABLE CONDSTORE\r\n");
}

std::string Run::send(Client& client, const std::string& text) {
  const std::string tag = "t" + std::to_string(++tags_);
  note(client.name + " > " + tag + " " + text);
  client.wire->stream.send(tag + " " + text + "\r\n");
  return tag;
}

std::string Run::receive(Client& client) {
  client.wire->run_until_idle();
  std::string answer = client.wire->take();
  note(client.name + " < " + answer);
  return answer;
}

Answer Run::command(Client& client, const std::string& text, bool withheld) {
  const std::string tag = send(client, text);
  Answer answer = client.belief.read(receive(client), tag, withheld);
  require(answer.tagged.rfind("BAD", 0) != 0, "no BAD");
  return answer;
}

void Run::perform(Client& client, const Prepared& prepared) {
  const std::string tag = send(client, prepared.text);
  const std::string text = receive(client);
  if (prepared.reference) prepared.reference();
  if (prepared.locally) prepared.locally();
  Answer answer = client.belief.read(text, tag, prepared.withheld);
  require(answer.tagged.rfind("BAD", 0) != 0, "no BAD");
  compare_modseqs(client, answer);
  if (prepared.check) prepared.check(answer);
  catch_up(client);
  compare(client, prepared.withheld);
}

// What EXISTS has announced gets its UID and flags.
void Run::catch_up(Client& client) {
  const auto& list = client.belief.list;
  const auto unknown = [](const Entry& entry) { return entry.uid == 0; };
  const auto first = std::find_if(list.begin(), list.end(), unknown);
  if (first == list.end()) return;
  const auto last = std::find_if(list.rbegin(), list.rend(), unknown);
  command(
      client,
      "FETCH " + std::to_string(first - list.begin() + 1) + ":" + std::to_string(list.rend() - last) + " (UID FLAGS)",
      true);
}

void Run::select(Client& client) {
  if (!client.belief.list.empty() && pick(3) == 0) {
    const Uids uids = client.belief.uids();
    const bool closes = client.kind != Kind::Notify && pick(2) == 0;
    command(client, closes ? "CLOSE" : "UNSELECT", true);
    if (closes) boxes_[client.box].expunge(uids);
  }
  client.box = pick(2);
  const std::string tag = send(client, "SELECT " + boxes_[client.box].name);
  const Answer answer = client.belief.read_select(receive(client), tag);
  require(answer.highest == boxes_[client.box].highest, "HIGHESTMODSEQ");
  require(client.belief.list.size() == boxes_[client.box].messages.size(), "EXISTS");
  catch_up(client);
  compare(client, false);
}

void Run::idle(Client& client) {
  client.idle_tag = send(client, "IDLE");
  client.wire->run_until_idle();
  client.idling = true;
}

void Run::done(Client& client) {
  note(client.name + " > DONE");
  client.wire->stream.send("DONE\r\n");
  client.idling = false;
  client.belief.read(receive(client), client.idle_tag, false);
  catch_up(client);
  compare(client, false);
}

// The connection breaks, perhaps with an answer that never arrives, and the client comes back with what it knows.
void Run::come_back(Client& client) {
  if (pick(2) == 0) {
    const Prepared lost = any_command(client);
    send(client, lost.text);
    note("(the answer is lost)");
    receive(client);
    if (lost.reference) lost.reference();
  }
  std::map<std::uint32_t, FlagSet> cache;
  for (const Entry& entry : client.belief.list) {
    if (entry.uid != 0) cache[entry.uid] = entry.flags;
  }
  const std::uint64_t modseq = client.belief.modseq;
  note(client.name + " comes back with HIGHESTMODSEQ " + std::to_string(modseq));
  connect(client);
  for (std::size_t others = pick(3); others > 0; --others) {
    Client& other = clients_[pick(kClients)];
    if (&other != &client && !other.idling) perform(other, any_command(other));
  }
  come_back_with(client, cache, modseq);
  catch_up(client);
  compare(client, false);
}

void Run::come_back_with(Client& client, const std::map<std::uint32_t, FlagSet>& cached, std::uint64_t modseq) {
  Believer& belief = client.belief;
  const std::string name = boxes_[client.box].name;
  if (client.kind != Kind::Qresync) {
    const std::string tag = send(client, "SELECT " + name + (client.kind == Kind::Condstore ? " (CONDSTORE)" : ""));
    belief.read_select(receive(client), tag);
    if (client.kind == Kind::Plain || client.kind == Kind::Notify || belief.list.empty()) return;
    const Answer present = command(client, "UID SEARCH ALL", false);
    require(present.found.size() == belief.list.size(), "EXISTS");
    for (std::size_t i = 0; i < present.found.size(); ++i) {
      const auto known = cached.find(present.found[i]);
      if (known != cached.end()) belief.list[i] = {known->first, known->second};
    }
    command(client, "UID FETCH 1:* (FLAGS) (CHANGEDSINCE " + std::to_string(modseq) + ")", false);
    return;
  }
  auto cache = cached;
  std::string known;
  if (!cache.empty() && pick(2) == 0) {
    Uids uids;
    for (const auto& [uid, flags] : cache) uids.push_back(uid);
    known = " " + set_text(uids);
  }
  const std::string tag = send(client, "SELECT " + name + " (QRESYNC (" + std::to_string(belief.validity) + " " +
                                           std::to_string(modseq) + known + "))");
  const Answer answer = belief.read_select(receive(client), tag);
  for (const auto uid : answer.earlier) cache.erase(uid);
  require(belief.list.size() >= cache.size(), "EXISTS counts what the client still has");
  std::size_t at = 0;
  for (const auto& [uid, flags] : cache) belief.list[at++] = {uid, flags};
  for (const Fetched& fetched : answer.fetched) {
    Entry& entry = belief.list[fetched.sequence - 1];
    require(entry.uid == 0 || entry.uid == fetched.uid, "the number of UID " + std::to_string(fetched.uid));
    require(fetched.modseq > modseq, "only what has changed");
    entry = {fetched.uid, *fetched.flags};
  }
}

void Run::compare(const Client& client, bool withheld) const {
  const Box& box = boxes_[client.box];
  std::size_t there = 0;
  for (const Entry& entry : client.belief.list) {
    const auto at = box.messages.find(entry.uid);
    if (at == box.messages.end()) {
      require(withheld, client.name + " still has UID " + std::to_string(entry.uid));
      continue;
    }
    ++there;
    require(at->second.flags == entry.flags, client.name + ": flags of UID " + std::to_string(entry.uid));
  }
  require(there == box.messages.size(), client.name + " lacks a message of " + box.name);
}

void Run::compare_modseqs(const Client& client, const Answer& answer) const {
  const Box& box = boxes_[client.box];
  for (const Fetched& fetched : answer.fetched) {
    if (fetched.modseq == 0 || fetched.uid == 0) continue;
    const auto at = box.messages.find(fetched.uid);
    require(at != box.messages.end() && at->second.modseq == fetched.modseq,
            "MODSEQ of UID " + std::to_string(fetched.uid));
  }
}

Box Run::load(std::size_t index) const {
  Box box;
  box.name = boxes_[index].name;
  const auto id = fixture_.box(box.name);
  const auto read = fixture_.mail->env().read([&](const mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(const auto mailbox, mail::load_mailbox(txn, id));
    TRY_ASSIGN(const auto words, mail::keywords(txn, id));
    box.uid_next = mailbox.uid_next;
    box.highest = mailbox.highest_modseq.value;
    TRY(mail::scan_messages(txn, id, base::Uid{1}, base::Uid{mailbox.uid_next}, [&](const mail::Message& message) {
      Kept kept{{}, message.modseq.value};
      if ((message.flags.system & mail::kSeen) != 0) kept.flags.insert("\\Seen");
      if ((message.flags.system & mail::kAnswered) != 0) kept.flags.insert("\\Answered");
      if ((message.flags.system & mail::kFlagged) != 0) kept.flags.insert("\\Flagged");
      if ((message.flags.system & mail::kDeleted) != 0) kept.flags.insert("\\Deleted");
      for (const auto keyword : message.flags.keywords) kept.flags.insert(words[keyword]);
      box.messages[message.uid.value] = std::move(kept);
      return true;
    }));
    return base::ok();
  });
  require(read.ok(), "the mailbox can be read");
  return box;
}

}  // namespace hearthmail::test::model
