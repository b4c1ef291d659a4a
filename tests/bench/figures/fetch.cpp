// FETCH over a whole mailbox. "First": the letters have just arrived and the server was started anew, so the peer has no
// cache of them and we have nothing in memory; "repeated": the same client asks again. The envelope, the header fields
// and the bodies are compared with what the letter was made of; the structure with its outline.
#include "tests/bench/figures/mailboxes.hpp"

namespace hearthmail::bench {
namespace {

using base::Result;
using base::Status;

constexpr std::size_t kRounds = 5;  // of the repeated ones

Status check_envelope(const Mail& mail, const Response& response) {
  const auto at = response.text.find("ENVELOPE (");
  if (at == std::string_view::npos || response.text.substr(at + 9, mail.envelope.size()) != mail.envelope) {
    return changed("envelope: " + std::string(response.text.substr(0, 600)) + " instead of " + mail.envelope);
  }
  return base::ok();
}

// Names of parameters have no case (RFC 2045 §5.1): only the outline is compared.
Status check_structure(const Mail& mail, const Response& response) {
  const auto& text = response.text;
  const auto has = [&](std::string_view what) { return text.find(what) != std::string_view::npos; };
  const bool outline = has("BODYSTRUCTURE (") && (has("\"boundary\"") || has("\"BOUNDARY\"")) == mail.multipart &&
                       has("\"report.pdf\"") == mail.attached;
  return outline ? base::ok() : Status(changed("structure: " + std::string(text.substr(0, 600))));
}

Status check_list(const Mail& mail, const Response& response) {
  const auto size = "RFC822.SIZE " + std::to_string(mail.octets.size());
  if (response.literals.size() != 1 || response.literals[0] != mail.list_fields ||
      response.text.find(size) == std::string_view::npos) {
    return changed("list: " + std::string(response.text.substr(0, 900)));
  }
  return base::ok();
}

Status check_body(const Mail& mail, const Response& response) {
  if (response.literals.size() != 1 || response.literals[0] != mail.octets) return changed("a body came back changed");
  return base::ok();
}

using Check = Status (*)(const Mail&, const Response&);
struct Question {
  std::string name, command, work;
  Check check;
  bool octets = false;  // counted in MB, not in messages
};

Status ask(ImapClient& client, const Question& question, const std::vector<Mail>& mails) {
  const auto check = [&](std::size_t i, const Response& response) { return question.check(mails[i], response); };
  return fetch_all(client, question.command, mails.size(), check);
}

double amount_of(const Question& question, const std::vector<Mail>& mails) {
  return question.octets ? static_cast<double>(total_octets(mails)) / 1e6 : static_cast<double>(mails.size());
}

Figure figure_of(const Question& question, bool first, double ratio) {
  Figure figure;
  figure.name = question.name + (first ? "-first" : "-repeated");
  figure.work = question.work + (first ? ", first" : ", repeated");
  figure.unit = question.octets ? "MB/s" : "msg/s";
  figure.peer = "dovecot";
  figure.target.ratio = ratio;
  return figure;
}

Figure first_figure(const Question& question, double ratio) {
  auto figure = figure_of(question, true, ratio);
  figure.measure = [question](Server& server, const Options& options) -> Result<Measure> {
    const auto& mails = mixed(options);
    TRY(fresh_box(server, mails));
    TRY_ASSIGN(auto client, enter_box(server, mails.size()));
    return timed(server, amount_of(question, mails), 1, [&] { return ask(client, question, mails); });
  };
  return figure;
}

Figure repeated_figure(const Question& question, double ratio) {
  auto figure = figure_of(question, false, ratio);
  figure.prepare = [](Server& server, const Options& options) { return fill_box(server, 0, kBox, mixed(options)); };
  figure.measure = [question](Server& server, const Options& options) -> Result<Measure> {
    const auto& mails = mixed(options);
    TRY_ASSIGN(auto client, enter_box(server, mails.size()));
    TRY(ask(client, question, mails));
    return timed(server, amount_of(question, mails), kRounds, [&] { return ask(client, question, mails); });
  };
  return figure;
}

}  // namespace

std::vector<Figure> fetch_figures() {
  const Question envelope{"fetch-envelope", "FETCH 1:* (FLAGS UID ENVELOPE)",
                          "FETCH 1:* (FLAGS UID ENVELOPE), 10,000 messages", check_envelope};
  const Question structure{"fetch-structure", "FETCH 1:* BODYSTRUCTURE", "FETCH 1:* BODYSTRUCTURE, 10,000 messages",
                           check_structure};
  const Question list{
      "fetch-list",
      "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (" + std::string(kListFields) + ")])",
      "FETCH 1:* of a list view (6 header fields), 10,000 messages", check_list};
  const Question bodies{"fetch-bodies", "FETCH 1:* BODY.PEEK[]", "FETCH 1:* BODY.PEEK[], 10,000 messages, 147 MB",
                        check_body, true};
  return {first_figure(envelope, 15),  repeated_figure(envelope, 5), repeated_figure(structure, 1),
          first_figure(list, 10),      repeated_figure(list, 4),     first_figure(bodies, 2),
          repeated_figure(bodies, 1.5)};
}

}  // namespace hearthmail::bench
