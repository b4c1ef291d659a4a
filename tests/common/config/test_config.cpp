#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/config/keys.hpp"
#include "common/config/load.hpp"
#include "common/config/sources.hpp"
#include "common/config/value.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_directory.hpp"

using namespace hearthmail;
using Catch::Matchers::Contains;
using config::Inputs;

namespace {

struct Folder {
  test::TempDirectory directory;
  std::filesystem::path path = directory.path();
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
};

Inputs inputs(std::map<std::string, std::string> environment, config::Role role = config::Role::Check) {
  Inputs in;
  environment.emplace("HEARTHMAIL_HOSTNAME", "mail.example.test");
  in.environment = std::move(environment);
  in.role = role;
  return in;
}

std::string problem(const Inputs& in) {
  const auto loaded = config::load(in);
  REQUIRE_FALSE(loaded.ok());
  return loaded.error().text;
}

std::string origin(const config::Loaded& loaded, const std::string& key) {
  for (const auto& o : loaded.origins) {
    if (o.key == key) return o.from;
  }
  return "no such key";
}

}  // namespace

TEST_CASE("flag is stronger than environment, environment than file, file than default") {
  const Folder folder;
  Inputs in = inputs({{"HEARTHMAIL_LOG_LEVEL", "warning"}, {"HEARTHMAIL_QUEUE_LIFETIME", "2d"}});
  in.config_file =
      folder.write("a.toml",
                   "hostname = \"file.example.test\"\n[log]\nlevel = \"debug\"\n[queue]\nlifetime = \"3d\"\n"
                   "delay_notice = \"1h\"\n");
  in.flags = {{"queue.lifetime", "1d"}};
  const auto loaded = config::load(in);
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.hostname == "mail.example.test");
  CHECK(loaded->settings.log_level == "warning");
  CHECK(loaded->settings.queue_lifetime == std::chrono::hours(24));
  CHECK(loaded->settings.delay_notice == std::chrono::hours(1));
  CHECK(origin(*loaded, "queue.lifetime") == "flag --set queue.lifetime");
  CHECK(origin(*loaded, "log.level") == "environment HEARTHMAIL_LOG_LEVEL");
  CHECK_THAT(origin(*loaded, "queue.delay_notice"), Contains("line 6"));
  CHECK(origin(*loaded, "loops") == "default");
}

TEST_CASE("an unknown key is refused with the nearest right name") {
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_QUEUE_LIFETIM", "2d"}})),
             Contains("did you mean HEARTHMAIL_QUEUE_LIFETIME?"));
  const Folder folder;
  Inputs in = inputs({});
  in.config_file = folder.write("a.toml", "hostnmae = \"x.example\"\n");
  CHECK_THAT(problem(in), Contains("hostnmae") && Contains("line 1") && Contains("did you mean hostname?"));
  CHECK_THAT(
      problem(inputs({{"HEARTHMAIL_RELAY_BACKUP_URL", "smtps://a.example:465"}, {"HEARTHMAIL_RELAY_ROUTES", "main"}})),
      Contains("HEARTHMAIL_RELAY_BACKUP_URL") && Contains("relay.routes is: main"));
}

TEST_CASE("a bad value names the key, the problem and what to write") {
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_LOG_LEVEL", "warn"}})),
             Contains("log.level") && Contains("did you mean warning?"));
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_QUEUE_LIFETIME", "5 days"}})),
             Contains("queue.lifetime") && Contains("like 4h"));
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_MAX_MESSAGE_SIZE", "50MB"}})),
             Contains("max_message_size") && Contains("like 50M"));
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_IMAP_LISTEN", "143"}})), Contains("imap.listen") && Contains("host:port"));
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_MAX_MESSAGE_SIZE", "1K"}})), Contains("64K"));
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_IMAP_MESSAGE_LIMIT", "999"}})),
             Contains("imap.message_limit") && Contains("at least 1000"));
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_IMAP_SAVE_LIMIT", "1"}})), Contains("imap.save_limit"));
  CHECK_THAT(problem(inputs({{"HEARTHMAIL_IMAP_MESSAGE_LIMIT", "1000"}, {"HEARTHMAIL_IMAP_SAVE_LIMIT", "1000"}})),
             Contains("set one of them"));
  const Folder folder;
  Inputs in = inputs({});
  in.config_file = folder.write("a.toml", "hostname = \n");
  CHECK_THAT(problem(in), Contains("line 1"));
}

TEST_CASE("a secret comes from a value, a file or systemd's credentials, never from two of them") {
  const Folder folder;
  const std::string file = folder.write("pw", "from file\n");
  std::map<std::string, std::string> env{{"HEARTHMAIL_RELAY_ROUTES", "main"},
                                         {"HEARTHMAIL_RELAY_MAIN_URL", "smtps://smtp.example.net:465"},
                                         {"HEARTHMAIL_RELAY_MAIN_USER", "u"}};
  CHECK_THAT(problem(inputs(env)),
             Contains("relay.main.password: not set") && Contains("HEARTHMAIL_RELAY_MAIN_PASSWORD_FILE"));

  auto with_file = env;
  with_file["HEARTHMAIL_RELAY_MAIN_PASSWORD_FILE"] = file;
  const auto loaded = config::load(inputs(with_file));
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.routes.at(0).password.reveal() == "from file");

  auto both = with_file;
  both["HEARTHMAIL_RELAY_MAIN_PASSWORD"] = "from value";
  CHECK_THAT(problem(inputs(both)), Contains("set both as") && Contains("keep one"));

  auto credential = env;
  folder.write("hearthmail_relay_main_password", "from systemd");
  credential["CREDENTIALS_DIRECTORY"] = folder.path.string();
  const auto from_systemd = config::load(inputs(credential));
  REQUIRE(from_systemd.ok());
  CHECK(from_systemd->settings.routes.at(0).password.reveal() == "from systemd");

  auto missing = env;
  missing["HEARTHMAIL_RELAY_MAIN_PASSWORD_FILE"] = "/nonexistent";
  CHECK_THAT(problem(inputs(missing)), Contains("/nonexistent cannot be read"));

  auto placeholder = env;
  placeholder["HEARTHMAIL_RELAY_MAIN_PASSWORD"] = "changeme";
  CHECK_THAT(problem(inputs(placeholder)), Contains("placeholder"));
}

TEST_CASE("only the relay and the check read secrets; nothing prints them") {
  const std::map<std::string, std::string> env{{"HEARTHMAIL_RELAY_ROUTES", "main"},
                                               {"HEARTHMAIL_RELAY_MAIN_URL", "smtps://smtp.example.net:465"},
                                               {"HEARTHMAIL_RELAY_MAIN_USER", "u"},
                                               {"HEARTHMAIL_RELAY_MAIN_PASSWORD", "correct horse"}};
  for (const auto role : {config::Role::Receiver, config::Role::Submission, config::Role::Command}) {
    const auto loaded = config::load(inputs(env, role));
    REQUIRE(loaded.ok());
    CHECK(loaded->settings.routes.at(0).password.empty());
  }
  const auto loaded = config::load(inputs(env));
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.routes.at(0).password.reveal() == "correct horse");
  for (const bool json : {false, true}) {
    const std::string text = config::render_check(*loaded, json);
    CHECK_THAT(text, !Contains("correct horse"));
    CHECK_THAT(text, Contains("13 characters, fingerprint "));
  }
}

TEST_CASE("a program without secrets blanks passwords in the file before it parses them") {
  std::string text =
      "[relay.main]\nuser = \"u\"\npassword = \"a \\\"b\\\" c\" # the password = x\n"
      "[relay.two]\n\"password\"='lit'\npassword_file = \"/run/pw\"\n[relay.three]\npassword = \"\"\"\nlong\n\"\"\"\n";
  config::blank_secrets(text);
  CHECK(
      text ==
      "[relay.main]\nuser = \"u\"\npassword = \"*********\" # the password = x\n"
      "[relay.two]\n\"password\"='***'\npassword_file = \"/run/pw\"\n[relay.three]\npassword = \"\"\"\n****\n\"\"\"\n");
}

TEST_CASE("the names of other projects' compose files make a route when none is set") {
  auto loaded =
      config::load(inputs({{"RELAY_HOST", "smtp.example.net"}, {"RELAY_USER", "u"}, {"RELAY_PASSWORD", "p4ss"}}));
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.routes.at(0).url == "smtp://smtp.example.net:587");
  CHECK(loaded->settings.routes.at(0).password.reveal() == "p4ss");
  CHECK_THAT(loaded->notes.at(0), Contains("RELAY_HOST"));

  loaded = config::load(
      inputs({{"RELAYHOST", "[smtp.example.net]:465"}, {"RELAYHOST_USERNAME", "u"}, {"RELAYHOST_PASSWORD", "p4ss"}}));
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.routes.at(0).url == "smtps://smtp.example.net:465");
  CHECK(loaded->settings.routes.at(0).user == "u");

  loaded = config::load(inputs({{"DEFAULT_RELAY_HOST", "[smtp.example.net]:2525"}}));
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.routes.at(0).url == "smtp://smtp.example.net:2525");

  CHECK_THAT(problem(inputs({{"RELAYHOST", "a.example"}, {"RELAY_HOST", "b.example"}})), Contains("different relays"));
  loaded = config::load(inputs(
      {{"RELAY_HOST", "old.example"}, {"HEARTHMAIL_RELAY_ROUTES", "cap"}, {"HEARTHMAIL_RELAY_CAP_URL", "capture:"}}));
  REQUIRE(loaded.ok());
  CHECK(loaded->settings.routes.at(0).url == "capture:");
}

TEST_CASE("plaintext is only for this machine, credentials never stand in a URL") {
  const auto with = [](const std::string& url, const std::string& tls) {
    return inputs(
        {{"HEARTHMAIL_RELAY_ROUTES", "main"}, {"HEARTHMAIL_RELAY_MAIN_URL", url}, {"HEARTHMAIL_RELAY_MAIN_TLS", tls}});
  };
  CHECK_THAT(problem(with("smtp://smtp.example.net:25", "none")), Contains("relay.main.tls"));
  CHECK(config::load(with("smtp://127.0.0.1:2525", "none")).ok());
  CHECK_THAT(problem(with("smtps://user:secret@smtp.example.net:465", "verify")),
             Contains(".password") && !Contains("secret@"));
  CHECK_THAT(problem(with("ftp://x", "verify")), Contains("known are smtps://"));
}

TEST_CASE("the reference names every key, its type, default and environment name") {
  const std::string reference = config::render_reference(true);
  for (const auto& key : config::setting_keys()) CHECK_THAT(reference, Contains("`" + std::string(key.name) + "`"));
  CHECK_THAT(reference, Contains("`HEARTHMAIL_RELAY_<ROUTE>_PASSWORD or HEARTHMAIL_RELAY_<ROUTE>_PASSWORD_FILE`"));
  CHECK_THAT(reference, Contains("| `queue.lifetime` | duration (s, m, h, d) | 5d |"));
  CHECK_THAT(reference, Contains("| `queue.delay_notice` | duration (s, m, h, d) | 4h |"));
  CHECK_THAT(reference, Contains("| `max_message_size` | octets (K, M, G) | 50M |"));
  const Folder folder;
  Inputs in = inputs({});
  in.config_file = folder.write("sample.toml", config::render_sample());
  CHECK(config::load(in).ok());
}
