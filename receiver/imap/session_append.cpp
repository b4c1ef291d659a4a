// APPEND while its messages arrive: the framer hands out pieces, the spool keeps them, no transaction waits for a peer.
#include <utility>

#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/reply.hpp"
#include "receiver/imap/rights.hpp"
#include "receiver/imap/session.hpp"

namespace hearthmail::receiver::imap {

using base::Errc;
using Kind = FramerEvent::Kind;

// `first` is the event of the first literal, or has the text of a whole command without one (CATENATE).
base::Task<void> Session::append(FramerEvent first) {
  const bool literal = first.kind == Kind::AppendLiteral;
  parse::Command command;
  command.tag = literal ? std::string(first.tag) : parse::tag_of(first.text);
  connection_.completion = {};
  connection_.limited_to = {};
  connection_.tag = command.tag;
  auto start = parse::parse_append(first.text, connection_.enabled().utf8, literal);
  const bool replaces = start.ok() && start->replaced.has_value();
  command.verb = replaces ? parse::Verb::Replace : parse::Verb::Append;
  command.uid = replaces && start->replaced->uid;
  Target target;
  base::Status status = begin_append(start, target);
  cmd::Append append(connection_, std::move(target));
  if (replaces && status.ok()) status = begin_replace(append, *start->replaced);
  if (status.ok()) status = append.take(std::move(start->steps));
  bool unanswered = true;
  if (literal) {
    take_literal(append, first, status);
    unanswered = co_await receive_messages(append, status);
  }
  if (over_ || !unanswered) co_return;
  if (replaces && needs_uid(*start->replaced)) {
    bad(command.tag, "UIDREQUIRED", "Message numbers are not used after ENABLE UIDONLY");  // RFC 9586 §3.2
    co_return;
  }
  if (status.ok()) {
    status = co_await run_operation(append);
  } else if (append.refused().has_value()) {
    connection_.completion = *append.refused();
    status = base::ok();
  }
  co_await complete(command, status);
}

// What can be refused before the first message is sent: the state, the syntax, a mailbox that is not there, or into which
// the user may not insert.
base::Status Session::begin_append(const base::Result<parse::AppendStart>& start, Target& target) const {
  if (connection_.state() == kNotAuthenticated) return base::Error{Errc::Protocol, "Not possible in this state"};
  if (!start.ok()) return base::Error{Errc::Protocol, start.error().text};
  return connection_.env().read([&](const store::mail::ReadTxn& txn) -> base::Status {
    TRY_ASSIGN(target, target_of(txn, connection_, start->mailbox));
    TRY(reach(txn, target, Right::Insert));
    return base::ok();
  });
}

bool Session::needs_uid(const parse::Replaced& replaced) const {
  return connection_.enabled().uid_only && !replaced.uid;
}

// REPLACE, RFC 8508 §3: which message goes.
base::Status Session::begin_replace(cmd::Append& append, const parse::Replaced& replaced) {
  if (!connection_.has_view()) return base::Error{Errc::Protocol, "Not possible in this state"};
  if (needs_uid(replaced)) return base::Error{Errc::Protocol, ""};
  const View& view = connection_.view();
  const Rights needed{Right::DeleteMessages, Right::Expunge};  // as STORE \Deleted and EXPUNGE, RFC 8508 §3.2
  if (!view.may(needed)) return not_allowed(view, needed);
  std::optional<base::Uid> uid;
  if (replaced.number == 0 && view.size() > 0) uid = view.uid_at(view.size() - 1);
  if (replaced.uid && view.index_of(base::Uid{replaced.number}).has_value()) uid = base::Uid{replaced.number};
  if (!replaced.uid && replaced.number > view.size()) {
    return base::Error{Errc::Protocol, "No message has that sequence number"};
  }
  if (!replaced.uid && replaced.number > 0) uid = view.uid_at(replaced.number - 1);
  if (!uid.has_value()) return base::Error{Errc::Unsupported, "No message has that UID"};
  append.replace(connection_.holder(), *uid);
  return base::ok();
}

// Invites the literal that `event` announces, or refuses the command when `status` says so or becomes an error.
void Session::take_literal(cmd::Append& append, const FramerEvent& event, base::Status& status) {
  const parse::AppendOptions& options = append.last_options();
  // An empty message is a client's way to give up (RFC 3502).
  if (status.ok() && event.octets == 0 && !options.catenate) {
    status = base::Error{Errc::Invalid, "An empty message is not stored"};
  }
  // UTF8 (literal8) is the only form, RFC 6855 §4.
  if (status.ok() && options.utf8 && !event.literal8) {
    status = base::Error{Errc::Protocol, "UTF8's message is a literal8 (~{)"};
  }
  if (status.ok()) status = append.begin_text(event.octets, event.literal8);
  if (!status.ok()) {
    framer_.refuse_append();
    return;
  }
  const bool invite = event.synchronising;
  framer_.accept_append();
  if (invite) connection_.out += "+ OK\r\n";
}

// What stood before a literal or at the end of the command.
void Session::take_steps(cmd::Append& append, base::Result<parse::AppendSteps> steps, base::Status& status) {
  if (!status.ok()) return;
  status = steps.ok() ? append.take(std::move(*steps)) : base::Status(base::Error{Errc::Protocol, steps.error().text});
}

// Until the end of the command, refused or not. False when it has been answered already.
base::Task<bool> Session::receive_messages(cmd::Append& append, base::Status& status) {
  while (!over_) {
    const FramerEvent event = framer_.next();
    switch (event.kind) {
      case Kind::NeedInput: co_await read_more(); break;
      case Kind::AppendData: spool(append, event.text, status); break;
      case Kind::AppendLiteral: {
        auto steps = parse::parse_append_next(event.text, append.last_options(), connection_.enabled().utf8);
        take_steps(append, std::move(steps), status);
        take_literal(append, event, status);
        break;
      }
      case Kind::AppendEnd: {
        auto steps = parse::parse_append_end(event.text, append.last_options(), connection_.enabled().utf8);
        take_steps(append, std::move(steps), status);
        co_return true;
      }
      case Kind::Refused: co_return true;
      case Kind::Continue:  // a URL as a literal
        connection_.out += "+ OK\r\n";
        co_await flush();
        break;
      case Kind::Command:
      case Kind::Line: co_return true;  // cannot come inside an APPEND
      case Kind::TooBig:
      case Kind::Bad:
      case Kind::Fatal: on_rejected(event); co_return false;
    }
  }
  co_return false;
}

void Session::spool(cmd::Append& append, std::string_view octets, base::Status& status) {
  if (!status.ok()) return;
  status = append.add(octets);
  if (!status.ok()) framer_.refuse_append();
}

}  // namespace hearthmail::receiver::imap
