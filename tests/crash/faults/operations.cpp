#include "tests/crash/faults/operations.hpp"

#include <algorithm>

namespace hearthmail::crash {

namespace mail = store::mail;
namespace queue = store::queue;
using store::lmdb::WriteTxn;

namespace {

constexpr std::size_t kSmall = 3'000;    // octets: stays in the spool's memory
constexpr std::size_t kLarge = 400'000;  // octets: the spool makes a file
constexpr std::size_t kOld = 3;          // messages in Anna's INBOX

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::vector<std::string>& bodies, const std::string& message) {
  return static_cast<std::size_t>(
      std::count_if(bodies.begin(), bodies.end(), [&](const std::string& body) { return body.ends_with(message); }));
}

Effect all_or_nothing(std::size_t done, std::size_t all) {
  if (done == 0) return Effect::None;
  return done == all ? Effect::Whole : Effect::Wrong;
}

// ---- delivery and submission

std::string transaction(const std::string& recipients, const std::string& message) {
  return "MAIL FROM:<bob@example.org>\r\n" + recipients + "DATA\r\n" + message + ".\r\n";
}
const std::string kBoth = "RCPT TO:<anna@x.test>\r\nRCPT TO:<berta@x.test>\r\n";

// The last line of the dialog, which answers the final dot.
Answer of_smtp(const std::string& out) {
  if (has(out, "Stored as ") || has(out, "queued as ")) return Answer::Acked;
  if (!has(out, "\r\n4") && !out.starts_with("4")) return has(out, "\r\n5") ? Answer::Refused : Answer::Nothing;
  return Answer::Refused;
}

Operation delivery(std::string name, std::size_t octets, bool lmtp) {
  const std::string message = letter("new", octets);
  return {std::move(name), [=](Scene& scene) { return of_smtp(scene.smtp(transaction(kBoth, message), lmtp)); },
          [=](Scene& scene) {
            const auto hers = scene.bodies(scene.anna, "INBOX");
            if (hers.size() - count(hers, message) != kOld) return Effect::Wrong;
            return all_or_nothing(count(hers, message) + count(scene.bodies(scene.berta, "INBOX"), message), 2);
          }};
}

Operation submission(std::string name, std::size_t octets) {
  const std::string message = "From: anna@x.test\r\n" + letter("new", octets).substr(29);
  const std::string dialog = "MAIL FROM:<anna@x.test>\r\nRCPT TO:<friend@far.test>\r\nDATA\r\n" + message + ".\r\n";
  return {std::move(name), [=](Scene& scene) { return of_smtp(scene.submit(dialog)); },
          [](Scene& scene) {
            const auto entries = scene.queued();
            if (entries.size() < 2) return Effect::Wrong;
            return all_or_nothing(entries.size() - 2, 1);
          }};
}

// ---- IMAP

Answer of_imap(const std::string& out) {
  if (has(out, "x OK")) return Answer::Acked;
  return has(out, "x NO") || has(out, "x BAD") ? Answer::Refused : Answer::Nothing;
}

Operation append(std::string name, std::vector<std::size_t> sizes) {
  std::vector<std::string> messages;
  std::string command = "x APPEND Archive";
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    messages.push_back(letter("new" + std::to_string(i), sizes[i]));
    command += " {" + std::to_string(messages[i].size()) + "}\r\n" + messages[i];
  }
  command += "\r\n";
  return {std::move(name), [=](Scene& scene) { return of_imap(scene.imap(command)); },
          [=](Scene& scene) {
            const auto found = scene.bodies(scene.anna, "Archive");
            std::size_t done = 0;
            for (const auto& message : messages) done += count(found, message);
            return found.size() == done ? all_or_nothing(done, messages.size()) : Effect::Wrong;
          }};
}

Operation imap(std::string name, std::string command, std::function<Effect(Scene&)> effect) {
  return {std::move(name), [=](Scene& scene) { return of_imap(scene.imap("x " + command + "\r\n")); },
          std::move(effect)};
}

// Messages 1 and 2 went from INBOX to Archive, or (a copy) are in both.
Effect moved(Scene& scene, std::size_t left) {
  const auto inbox = scene.bodies(scene.anna, "INBOX").size();
  const auto archive = scene.bodies(scene.anna, "Archive").size();
  if (inbox == kOld && archive == 0) return Effect::None;
  return inbox == left && archive == 2 ? Effect::Whole : Effect::Wrong;
}

Effect flagged(Scene& scene, std::uint8_t flag) {
  std::size_t done = 0;
  for (std::uint32_t uid = 1; uid <= kOld; ++uid) done += (scene.flags(uid) & flag) != 0 ? 1U : 0U;
  return all_or_nothing(done, kOld);
}

Effect expunged(Scene& scene) {
  const auto left = scene.bodies(scene.anna, "INBOX").size();
  if (left == 1) return Effect::Whole;
  return left == kOld ? Effect::None : Effect::Wrong;  // \Deleted was set before
}

// ---- queue steps, each one transaction

Operation step(std::string name, std::function<base::Status(WriteTxn&)> job, std::function<Effect(Scene&)> effect) {
  const auto run = [job = std::move(job)](Scene& scene) {
    scene.begin();
    const auto done = scene.outgoing->env().write([&](WriteTxn& txn) { return job(txn); });
    scene.end();
    return done.ok() ? Answer::Acked : Answer::Refused;
  };
  return {std::move(name), run, std::move(effect)};
}

Effect second_is(Scene& scene, queue::State state, queue::State before) {
  const auto entries = scene.queued();
  if (entries.size() != 2) return Effect::Wrong;
  const auto now = entries[1].recipients[0].state;
  if (now == before) return Effect::None;
  return now == state ? Effect::Whole : Effect::Wrong;
}

base::Status claim(WriteTxn& txn) {
  TRY_ASSIGN(const auto claims, queue::claim_due(txn, kNow, kNow + 600, 10));
  return claims.size() == 1 ? base::ok() : base::Status(base::Error{base::Errc::Internal, "not one claim"});
}

base::Status finish(WriteTxn& txn) {
  queue::Outcome outcome;
  outcome.state = queue::State::Delivered;
  outcome.route = "main";
  outcome.reply = "250 2.0.0 taken";
  return queue::finish(txn, base::QueueId{1}, {outcome}, kNow + 1);
}

Effect first_is_gone(Scene& scene) {
  const auto entries = scene.queued();
  return all_or_nothing(2 - entries.size(), 1);
}

Effect first_in_doubt(Scene& scene) {
  const auto state = scene.queued().at(0).recipients[0].state;
  if (state == queue::State::InFlight) return Effect::None;
  return state == queue::State::InDoubt ? Effect::Whole : Effect::Wrong;
}

std::vector<Operation> make_operations() {
  std::vector<Operation> all;
  all.push_back(delivery("smtp", kSmall, false));
  all.push_back(delivery("smtp-spool", kLarge, false));
  all.push_back(delivery("lmtp", kSmall, true));
  all.push_back(append("append", {kSmall}));
  all.push_back(append("append-spool", {kLarge}));
  all.push_back(append("multiappend", {kSmall, kSmall + 1, kSmall + 2}));
  all.push_back(imap("copy", "COPY 1:2 Archive", [](Scene& scene) { return moved(scene, kOld); }));
  all.push_back(imap("move", "MOVE 1:2 Archive", [](Scene& scene) { return moved(scene, kOld - 2); }));
  all.push_back(
      imap("store", "STORE 1:3 +FLAGS (\\Flagged)", [](Scene& scene) { return flagged(scene, mail::kFlagged); }));
  all.push_back({"expunge",
                 [](Scene& scene) {
                   const auto out = scene.imap("y STORE 1:2 +FLAGS.SILENT (\\Deleted)\r\nx EXPUNGE\r\n");
                   const auto answer =
                       of_imap(out);  // when STORE was refused, nothing is marked and EXPUNGE has nothing to do
                   return answer == Answer::Acked && !has(out, "y OK") ? Answer::Refused : answer;
                 },
                 expunged});
  all.push_back(submission("submission", kSmall));
  all.push_back(submission("submission-spool", kLarge));
  all.push_back(step("claim", claim,
                     [](Scene& scene) { return second_is(scene, queue::State::InFlight, queue::State::Waiting); }));
  all.push_back(step(
      "in-doubt", [](WriteTxn& txn) { return queue::mark_in_doubt(txn, base::QueueId{1}, {0}, kNow + 900); },
      first_in_doubt));
  all.push_back(step("finish", finish, first_is_gone));
  return all;
}

}  // namespace

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = make_operations();
  return all;
}

}  // namespace hearthmail::crash
