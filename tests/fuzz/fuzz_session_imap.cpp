// A whole IMAP session in every state, by one user of two: every response has the form of one (RFC 9051 §2.2), nothing of the
// other user's ever appears, and nothing of his changes. The first octet chooses the state, the second the packing.
#include <array>
#include <memory>

#include "common/base/text.hpp"
#include "common/log/log.hpp"
#include "receiver/imap/session.hpp"
#include "tests/fuzz/imap_world.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/scripted_stream.hpp"

namespace hearthmail::fuzz {
namespace {

constexpr int kRunsPerStore = 300;  // then a new one: what a run left behind stays small

// What is typed before the input.
constexpr std::array<std::string_view, 7> kStates = {
    "",
    "l LOGIN anna@example.test pw\r\n",
    "l LOGIN anna@example.test pw\r\ns SELECT INBOX\r\n",
    "l LOGIN anna@example.test pw\r\ns EXAMINE INBOX\r\n",
    "l LOGIN anna@example.test pw\r\ne ENABLE QRESYNC\r\ns SELECT INBOX (QRESYNC (1 1 1:9))\r\n",
    "l LOGIN anna@example.test pw\r\ne ENABLE UTF8=ACCEPT UIDONLY\r\ns SELECT INBOX\r\n",
    "l LOGIN anna@example.test pw\r\nd DELETE Archive\r\ns SELECT Sent\r\n"};
constexpr std::array<std::size_t, 3> kSteps = {1, 7, 4096};

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      "02a CAPABILITY\r\nb LOGIN \"anna@example.test\" {2+}\r\npw\r\nc LIST \"\" *\r\n",
      "02a AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AHB3\r\nb SELECT INBOX\r\n",
      "10a LIST \"\" \"*\" RETURN (STATUS (MESSAGES UNSEEN SIZE MAILBOXID) SPECIAL-USE)\r\nb LSUB \"\" %\r\nc "
      "NAMESPACE\r\n",
      "11a CREATE x/y\r\nb RENAME x z\r\nc SUBSCRIBE z\r\nd DELETE z/y\r\ne STATUS z (MESSAGES HIGHESTMODSEQ)\r\n",
      "12a APPEND INBOX (\\Seen) {5+}\r\nhello {3+}\r\nyou\r\nb APPEND Sent ~{3+}\r\na\r\n\r\nc IDLE\r\nDONE\r\n",
      "22a FETCH 1:* (FLAGS UID ENVELOPE BODYSTRUCTURE PREVIEW SAVEDATE EMAILID)\r\nb FETCH 1 (BODY[1.MIME] "
      "BINARY[2])\r\n",
      "22a STORE 1:* +FLAGS.SILENT (\\Deleted work)\r\nb EXPUNGE\r\nc UID COPY 2 Sent\r\nd MOVE 1 Trash\r\n",
      "21a SEARCH RETURN (ALL COUNT SAVE) OR TEXT tea NOT SEEN\r\nb FETCH $ FLAGS\r\nc SORT (SUBJECT) UTF-8 ALL\r\n",
      "22a THREAD REFERENCES UTF-8 ALL\r\nb ESEARCH IN (personal) SUBJECT milk\r\nc UID SEARCH RETURN (PARTIAL 1:2) "
      "ALL\r\n",
      "32a STORE 1 FLAGS ()\r\nb UNSELECT\r\nc SELECT Sent\r\nd CLOSE\r\n",
      "41a UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)\r\nb STORE 1 (UNCHANGEDSINCE 1) FLAGS (\\Flagged)\r\n",
      "52a UID FETCH 1:* (FLAGS)\r\nb UID REPLACE 1 INBOX {1+}\r\nx\r\nc UNAUTHENTICATE\r\nd NOOP\r\n",
      "60a MOVE 1 INBOX\r\nb ID NIL\r\nc COMPRESS DEFLATE\r\n",
      "22a GETQUOTAROOT INBOX\r\nb GETACL INBOX\r\nc MYRIGHTS INBOX\r\nd SETACL INBOX ben@example.test lr\r\ne NOTIFY "
      "NONE\r\n",
      "22a SELECT Shared/ben@example.test/INBOX\r\nb FETCH 1 BODY[]\r\nc COPY 1 Shared/ben@example.test/INBOX\r\nd "
      "SETACL "
      "Shared/ben@example.test/INBOX anyone lr\r\ne RENAME Shared/ben@example.test/INBOX x\r\n",
      "12a LIST \"\" Shared/* RETURN (MYRIGHTS)\r\nb ESEARCH IN (subtree Shared) ALL\r\nc APPEND "
      "Shared/ben@example.test/INBOX {3+}\r\nx\r\n\r\nd CREATE Shared/ben@example.test/New\r\n",
      "22a SETMETADATA INBOX (/private/comment \"x\")\r\nb GETMETADATA (MAXSIZE 9) INBOX (/private /shared)\r\n"};
}
std::vector<std::string> fuzz_dictionary() {
  return {"\r\n",
          "a FETCH ",
          "UID ",
          "INBOX",
          "\"\"",
          "*",
          "1:*",
          "$",
          "{3+}\r\n",
          "{3}\r\n",
          "DONE\r\n",
          "(",
          ")",
          "BODY[",
          "b SELECT Sent",
          "Shared/",
          "../",
          "/",
          "\\Seen",
          "RETURN (",
          "ENABLE ",
          "IMAP4rev2",
          "CATENATE (",
          "TEXT {1}",
          "URL ",
          "ben@example.test",
          "Shared/ben@example.test/INBOX",
          "user",
          "#news.",
          "c LIST \"\" Shared/*"};
}

namespace {

using receiver::imap::Session;

base::Task<void> pause_none() { co_return; }

// One response, with the literals in it; it is removed from `left`.
std::string_view take_response(std::string_view& left) {
  const std::string_view from = left;
  std::size_t at = 0;
  for (;;) {
    const std::size_t end = from.find("\r\n", at);
    FUZZ_CHECK(end != std::string_view::npos);
    at = end + 2;
    const std::string_view line = from.substr(0, end);
    const std::size_t brace = line.rfind('{');
    if (line.empty() || line.back() != '}' || brace == std::string_view::npos) break;
    const auto octets = base::parse_u64(line.substr(brace + 1, line.size() - brace - 2));
    if (!octets) break;
    FUZZ_CHECK(*octets <= from.size() - at);
    at += *octets;
  }
  left.remove_prefix(at);
  return from.substr(0, at - 2);
}

void check_response(std::string_view response) {
  if (response.substr(0, 2) == "+ ") return;
  if (response.substr(0, 2) == "* ") {
    FUZZ_CHECK(response.size() > 2 && response[2] != ' ');
    return;
  }
  const std::size_t space = response.find(' ');
  FUZZ_CHECK(space != std::string_view::npos && space > 0);
  const std::string_view word = response.substr(space + 1, response.find(' ', space + 1) - space - 1);
  FUZZ_CHECK(word == "OK" || word == "NO" || word == "BAD");
  FUZZ_CHECK(response.find_first_of("\r\n") == std::string_view::npos);
}

void check_output(std::string_view output) {
  FUZZ_CHECK(output.find(kCanary) == std::string_view::npos);
  while (!output.empty()) {
    const std::string_view response = take_response(output);
    check_response(response);
    if (response.find(" OK DEFLATE active") != std::string_view::npos) return;  // from here on it is compressed
  }
}

void run(const ImapWorld& world, std::string_view state, std::string_view input, std::size_t step) {
  test::ScriptedStream stream(std::string(state) + std::string(input), step);
  stream.set_tls_active();
  Session session(stream, world.services(), [](std::chrono::milliseconds) { return pause_none(); });
  test::run_task(session.run());
  FUZZ_CHECK(stream.closed());
  check_output(stream.output());
}

}  // namespace

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail;
  static const bool quiet = [] {
    log::setup("fuzz", log::Level::Error, log::Format::Json);
    return true;
  }();
  static std::unique_ptr<fuzz::ImapWorld> world;
  static int runs = 0;
  if (!quiet || count < 2 || base::lower(fuzz::as_text(octets, count)).find(fuzz::kCanary) != std::string::npos)
    return 0;
  if (runs++ % fuzz::kRunsPerStore == 0) {
    world.reset();
    world = std::make_unique<fuzz::ImapWorld>();
  }
  world->next_user();
  const std::string before = world->other_user();
  const std::string_view input = fuzz::as_text(octets, count);
  const auto state = static_cast<std::uint8_t>(octets[0] - '0') % fuzz::kStates.size();
  const auto step = static_cast<std::uint8_t>(octets[1] - '0') % fuzz::kSteps.size();
  fuzz::run(*world, fuzz::kStates[state], input.substr(2), fuzz::kSteps[step]);
  FUZZ_CHECK(world->other_user() == before);
  return 0;
}
