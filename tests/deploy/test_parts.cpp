#include <string>

#include "deploy/cli/child_environment.hpp"
#include "deploy/cli/config_file.hpp"
#include "deploy/cli/context.hpp"
#include "deploy/cli/password_input.hpp"
#include "deploy/cli/restart_policy.hpp"
#include "deploy/cli/text_table.hpp"
#include "tests/support/catch.hpp"

using namespace hearthmail;
using namespace hearthmail::cli;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("the secrets of the routes are known by name, and nothing else is") {
  for (const std::string name : {"HEARTHMAIL_RELAY_MAIN_PASSWORD", "HEARTHMAIL_RELAY_MAIN_PASSWORD_FILE",
                                 "HEARTHMAIL_RELAY_A_B_PASSWORD", "RELAY_PASSWORD", "RELAY_PASSWORD_FILE",
                                 "RELAYHOST_PASSWORD", "RELAYHOST_PASSWORD_FILE", "CREDENTIALS_DIRECTORY"}) {
    INFO(name);
    CHECK(is_relay_secret(name));
  }
  for (const std::string name : {"HEARTHMAIL_RELAY_ROUTES", "HEARTHMAIL_RELAY_MAIN_URL", "HEARTHMAIL_RELAY_MAIN_USER",
                                 "PATH", "RELAY_HOST", "HEARTHMAIL_DATA_DIR"}) {
    INFO(name);
    CHECK_FALSE(is_relay_secret(name));
  }
  CHECK(relay_secrets({{"PATH", "/bin"}, {"RELAY_PASSWORD", "x"}, {"HEARTHMAIL_RELAY_MAIN_PASSWORD", "y"}}) ==
        std::vector<std::string>{"HEARTHMAIL_RELAY_MAIN_PASSWORD", "RELAY_PASSWORD"});
}

TEST_CASE("a daemon that ends is started again ever later, then given up") {
  RestartPolicy policy;
  CHECK(policy.ended(seconds(1), 1) == milliseconds(500));
  CHECK(policy.ended(seconds(1), -9) == milliseconds(1000));
  CHECK(policy.ended(seconds(1), 1) == milliseconds(2000));
  CHECK(policy.ended(seconds(1), 1) == milliseconds(4000));
  CHECK(policy.ended(seconds(1), 1) == milliseconds(8000));
  CHECK_FALSE(policy.ended(seconds(1), 1).has_value());
}

TEST_CASE("a long run forgives, and a bad configuration is not tried again") {
  RestartPolicy policy;
  for (int i = 0; i < 4; ++i) CHECK(policy.ended(seconds(1), 1).has_value());
  CHECK(policy.ended(kStableRun, -11) == milliseconds(500));
  CHECK(policy.short_runs() == 1);
  CHECK_FALSE(policy.ended(seconds(1), kBadConfiguration).has_value());
}

TEST_CASE("a password is the first line of a file or a pipe") {
  CHECK(password_of("s3cret\n")->reveal() == "s3cret");
  CHECK(password_of("s3cret\r\nmore\n")->reveal() == "s3cret");
  CHECK(password_of(" with blanks ")->reveal() == " with blanks ");
  CHECK(password_of("pässwörd")->reveal() == "pässwörd");
  CHECK_FALSE(password_of("").ok());
  CHECK_FALSE(password_of("\nsecond line").ok());
  CHECK_FALSE(password_of("a\x01"
                          "b")
                  .ok());
  CHECK_FALSE(password_of("\xFF").ok());
  CHECK(password_of(std::string(1024, 'x')).ok());
  const auto over = password_of(std::string(1025, 'x'));
  REQUIRE_FALSE(over.ok());
  CHECK(over.error().text.find("xxx") == std::string::npos);  // never in an error
}

TEST_CASE("columns are aligned by characters, without blanks at the end") {
  TextTable table({"NAME", "X"});
  CHECK(table.empty());
  table.add({"jörg", "1"});
  table.add({"a", ""});
  CHECK(table.str() == "NAME  X\njörg  1\na\n");
}

TEST_CASE("init fills data_dir and hostname into the sample, and leaves the rest") {
  config::Settings settings;
  settings.data_dir = "/srv/a \"mail\"";
  settings.hostname = "mx.example.test";
  CHECK(config_text("# a\n#hostname = \"\"\n#data_dir = \"\"\n\n[log]\n#level = \"\"\n", settings) ==
        "# a\nhostname = \"mx.example.test\"\ndata_dir = \"/srv/a \\\"mail\\\"\"\n\n[log]\n#level = \"\"\n");
  const std::string real = config_text(config::render_sample(), settings);
  CHECK(real.find("\nhostname = \"mx.example.test\"\n") != std::string::npos);
  CHECK(real.find("\ndata_dir = \"/srv/a \\\"mail\\\"\"\n") != std::string::npos);
}

TEST_CASE("--set needs key=value, and the flags go on to the daemons") {
  Context context;
  context.config_file = "/etc/x.toml";
  context.data_dir = "/srv/x";
  context.sets = {"log.level=debug", "a=b=c"};
  const auto inputs = context.inputs(config::Role::Command);
  REQUIRE(inputs.ok());
  CHECK(inputs->config_file == "/etc/x.toml");
  REQUIRE(inputs->flags.size() == 3);
  CHECK(inputs->flags[0] == std::pair<std::string, std::string>{"data_dir", "/srv/x"});
  CHECK(inputs->flags[2] == std::pair<std::string, std::string>{"a", "b=c"});
  CHECK(context.daemon_arguments() == std::vector<std::string>{"--config", "/etc/x.toml", "--data-dir", "/srv/x",
                                                               "--set", "log.level=debug", "--set", "a=b=c"});
  context.sets = {"log.level"};
  CHECK_FALSE(context.inputs(config::Role::Command).ok());
}

TEST_CASE("a command on a directory without databases says what to do") {
  config::Settings settings;
  settings.data_dir = "/nonexistent";
  const auto store = open_accounts(settings);
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == base::Errc::NotFound);
  CHECK(store.error().text.find("hearthmail init") != std::string::npos);
}
