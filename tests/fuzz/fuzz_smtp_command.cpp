// One command line: verbs, paths, parameters, BDAT, AUTH, ORCPT. What is accepted must survive being written again.
#include "common/smtp/command.hpp"
#include "common/smtp/limits.hpp"
#include "common/smtp/server_reply.hpp"
#include "common/smtp/xtext.hpp"
#include "tests/fuzz/target.hpp"

namespace hearthmail::fuzz {

std::vector<std::string> fuzz_seeds() {
  return {"EHLO client.example.org",
          "EHLO [IPv6:2001:db8::1]",
          "MAIL FROM:<anna@example.org> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+3D1 AUTH=<>",
          "MAIL FROM:<>",
          "MAIL FROM:<@a.example,@b.example:\"john \\\" doe\"@[192.0.2.1]>",
          "RCPT TO:<j\xC3\xB6rg@b\xC3\xBC"
          "cher.example> NOTIFY=SUCCESS,DELAY ORCPT=utf-8;j\\x{F6}rg@x",
          "RCPT TO:<Postmaster> NOTIFY=NEVER ORCPT=rfc822;Bob+2B@Example.com",
          "BDAT 86 LAST",
          "AUTH PLAIN AGFubmEAc2VjcmV0",
          "VRFY anna",
          "GET / HTTP/1.1"};
}

std::vector<std::string> fuzz_dictionary() {
  return {"MAIL FROM:", "RCPT TO:", "<",           ">",      "@",        "\"",        "\\",
          "[IPv6:",     "]",        " SIZE=",      " BODY=", " NOTIFY=", "NEVER",     " ORCPT=",
          "rfc822;",    "utf-8;",   "\\x{10FFFF}", "+3D",    "LAST",     "postmaster"};
}

namespace {

void check_path(const smtp::Path& path) {
  if (path.null || path.address.domain.empty()) return;
  const std::string text = path.str();
  FUZZ_CHECK(path.address.local.size() <= smtp::kMaxLocalPart && path.address.domain.size() <= smtp::kMaxDomain);
  FUZZ_CHECK(text.find_first_of("\r\n") == std::string::npos && text.find('\0') == std::string::npos);
  const auto again = smtp::parse_address(text);
  FUZZ_CHECK(again.ok() && again->local == path.address.local && again->domain == path.address.domain);
  FUZZ_CHECK(again->utf8 == path.address.utf8);
}

void check_reply(std::string_view text) {
  const std::string reply = smtp::format({550, "5.1.1", std::string(text)});
  FUZZ_CHECK(reply.size() >= 2 && reply.substr(reply.size() - 2) == "\r\n");
  std::size_t lines = 0;
  for (std::size_t at = 0; at < reply.size(); ++lines) {
    const auto end = reply.find("\r\n", at);
    FUZZ_CHECK(end != std::string::npos && end - at <= 510 && reply.compare(at, 3, "550") == 0);
    FUZZ_CHECK(reply.find_first_of("\r\n", at) == end);
    FUZZ_CHECK((reply[at + 3] == ' ') == (end + 2 == reply.size()));
    at = end + 2;
  }
}

}  // namespace

}  // namespace hearthmail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t count) {
  using namespace hearthmail;
  const std::string_view line = fuzz::as_text(octets, count);
  constexpr smtp::ParameterSet kAll{true, true, true, true, true};
  const auto command = smtp::parse_command(line);
  FUZZ_CHECK(command.argument.size() <= line.size());
  fuzz::check_reply(line);

  std::string_view mail = command.argument;
  if (const auto path = smtp::take_mail_path(mail); path.ok()) {
    fuzz::check_path(*path);
    const auto parameters = smtp::parse_mail_parameters(mail, kAll);
    if (parameters.ok()) {
      const auto decoded = smtp::decode_xtext(smtp::encode_xtext(parameters->envid));
      FUZZ_CHECK(parameters->envid.size() <= smtp::kMaxEnvid && decoded.ok() && *decoded == parameters->envid);
    }
  }
  std::string_view rcpt = command.argument;
  if (const auto path = smtp::take_rcpt_path(rcpt); path.ok()) {
    FUZZ_CHECK(!path->null);
    fuzz::check_path(*path);
    const auto parameters = smtp::parse_rcpt_parameters(rcpt, kAll);
    if (parameters.ok()) {
      FUZZ_CHECK(parameters->notify < 16 &&
                 ((parameters->notify & smtp::kNotifyNever) == 0 || parameters->notify == 1));
      FUZZ_CHECK(parameters->original.find_first_of(" \r\n") == std::string::npos);
    }
  }
  if (const auto name = smtp::parse_hello(command.argument); name.ok()) {
    FUZZ_CHECK(name->find_first_of(" ()<>\r\n\t;") == std::string::npos);
  }
  static_cast<void>(smtp::parse_bdat(command.argument));
  static_cast<void>(smtp::parse_auth(command.argument));
  return 0;
}
