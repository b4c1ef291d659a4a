#include "common/config/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "common/base/text.hpp"
#include "common/config/keys.hpp"
#include "common/config/sources.hpp"
#include "common/config/validate.hpp"

namespace hearthmail::config {
namespace {

constexpr const char* kDefaultFile = "/etc/hearthmail/hearthmail.toml";

// The levels in order of precedence, strongest first.
enum Level : std::size_t { kFlags, kEnvironment, kFile, kLevels };

class Loader {
 public:
  explicit Loader(const Inputs& inputs) : inputs_(inputs) {}

  base::Result<Loaded> run() {
    TRY(gather());
    take_settings();
    TRY(compatible());
    name_routes();
    take_routes();
    refuse_unknown();
    fill_defaults(loaded_.settings, problems_);
    if (problems_.empty()) validate(loaded_.settings, reads_secrets(), problems_, loaded_.notes);
    if (!problems_.empty()) return base::Error{base::Errc::Invalid, base::join(problems_, "\n")};
    list_origins();
    return std::move(loaded_);
  }

 private:
  struct Source {
    Given given;
    bool used = false;
  };

  bool reads_secrets() const { return inputs_.role == Role::Relay || inputs_.role == Role::Check; }

  base::Status gather() {
    for (const auto& [key, text] : inputs_.flags) level_[kFlags].push_back({{key, text, "flag --set " + key}});
    for (auto& given : read_environment(inputs_.environment)) level_[kEnvironment].push_back({std::move(given)});
    if (!inputs_.read_file) return base::ok();
    std::string path = inputs_.config_file;
    if (const auto named = inputs_.environment.find("HEARTHMAIL_CONFIG");
        path.empty() && named != inputs_.environment.end()) {
      path = named->second;
    }
    if (path.empty() && access(kDefaultFile, F_OK) == 0) path = kDefaultFile;
    if (path.empty()) return base::ok();
    TRY_ASSIGN(auto values, read_toml(path, reads_secrets()));
    for (auto& given : values) level_[kFile].push_back({std::move(given)});
    loaded_.settings.config_file = path;
    return base::ok();
  }

  // The value of `key` at one level, marked as used.
  const Given* at(Level level, const std::string& key) {
    const std::string name = level == kEnvironment ? environment_name(key) : key;
    for (auto& source : level_[level]) {
      if (source.given.key != name) continue;
      source.used = true;
      return &source.given;
    }
    return nullptr;
  }

  // The strongest value of `key`.
  const Given* find(const std::string& key) {
    const Given* best = nullptr;
    for (std::size_t level = kLevels; level-- > 0;) {
      if (const Given* given = at(static_cast<Level>(level), key)) best = given;
    }
    return best;
  }

  template <class S>
  void take(const Key<S>& key, const std::string& name, S& target) {
    const Given* given = find(name);
    if (given == nullptr) return;
    from_.emplace(name, given->from);
    const auto done = assign(key, given->text, target);
    if (!done.ok()) problems_.push_back(name + " (" + given->from + "): " + done.error().text);
  }

  void take_settings() {
    for (const auto& key : setting_keys()) take(key, std::string(key.name), loaded_.settings);
  }

  base::Status compatible() {
    if (from_.count("relay.routes") != 0) return base::ok();
    TRY_ASSIGN(auto values, compatible_relay(inputs_.environment, loaded_.notes));
    if (values.empty()) return base::ok();
    loaded_.settings.relay_routes = {"main"};
    from_.emplace("relay.routes", values.front().from);
    for (auto& given : values) {
      given.key = environment_name(given.key);
      level_[kEnvironment].push_back({std::move(given)});
    }
    return base::ok();
  }

  void name_routes() {
    for (const auto& name : loaded_.settings.relay_routes) {
      const auto same = [&](const Route& route) { return route.name == name; };
      auto& routes = loaded_.settings.routes;
      if (name == "routes" || std::any_of(routes.begin(), routes.end(), same)) {
        problems_.push_back("relay.routes: '" + name + "' is " + (name == "routes" ? "reserved" : "named twice") +
                            "; choose another name");
        continue;
      }
      Route route;
      route.name = name;
      routes.push_back(std::move(route));
    }
  }

  void take_routes() {
    for (auto& route : loaded_.settings.routes) {
      for (const auto& key : route_keys()) {
        const std::string name = route_key(route.name, key.name);
        if (key.kind == Kind::SecretText) take_secret(key, name, route);
        else take(key, name, route);
      }
    }
  }

  // systemd hands a secret over as $CREDENTIALS_DIRECTORY/<lower-case environment name>.
  std::string credential_file(const std::string& key) const {
    const auto directory = inputs_.environment.find("CREDENTIALS_DIRECTORY");
    if (directory == inputs_.environment.end()) return "";
    const std::string path = directory->second + "/" + base::lower(environment_name(key));
    return access(path.c_str(), F_OK) == 0 ? path : "";
  }

  void take_secret(const Key<Route>& key, const std::string& name, Route& route) {
    bool taken = false;
    for (std::size_t i = 0; i < kLevels; ++i) {
      const auto level = static_cast<Level>(i);
      const Given* value = at(level, name);
      const Given* file = at(level, name + "_file");
      const std::string credential = level == kEnvironment ? credential_file(name) : "";
      const int given = (value != nullptr ? 1 : 0) + (file != nullptr ? 1 : 0) + (credential.empty() ? 0 : 1);
      if (given > 1) {
        problems_.push_back(name + ": set both as " + describe_two(value, file, credential) + "; keep one of them");
        taken = true;
        continue;
      }
      if (given == 0 || taken) continue;
      taken = true;
      const std::string path = file != nullptr ? file->text : credential;
      from_.emplace(name, value != nullptr  ? value->from
                          : file != nullptr ? file->from + " (" + path + ")"
                                            : "credential " + path);
      if (reads_secrets()) read_secret(key, name, value, path, route);
    }
  }

  static std::string describe_two(const Given* value, const Given* file, const std::string& credential) {
    std::vector<std::string> places;
    if (value != nullptr) places.push_back(value->from);
    if (file != nullptr) places.push_back(file->from);
    if (!credential.empty()) places.push_back("credential " + credential);
    return base::join(places, " and ");
  }

  void read_secret(const Key<Route>& key, const std::string& name, const Given* value, const std::string& path,
                   Route& route) {
    std::string text = value != nullptr ? value->text : "";
    if (value == nullptr) {
      auto content = read_secret_file(path);
      if (!content.ok()) {
        problems_.push_back(name + " (" + from_[name] + "): " + content.error().text);
        return;
      }
      text = std::move(*content);
    }
    const auto done = assign(key, text, route);
    if (!done.ok()) problems_.push_back(name + " (" + from_[name] + "): " + done.error().text);
  }

  std::vector<std::string> known_keys() const {
    std::vector<std::string> names;
    for (const auto& key : setting_keys()) names.emplace_back(key.name);
    for (const auto& route : loaded_.settings.routes) {
      for (const auto& key : route_keys()) {
        names.push_back(route_key(route.name, key.name));
        if (key.kind == Kind::SecretText) names.push_back(names.back() + "_file");
      }
    }
    return names;
  }

  void refuse_unknown() {
    const auto known = known_keys();
    std::vector<std::string> known_environment;
    for (const auto& key : known) known_environment.push_back(environment_name(key));
    for (std::size_t i = 0; i < kLevels; ++i) {
      for (const auto& source : level_[i]) {
        if (source.used) continue;
        std::string problem = source.given.key + " (" + source.given.from + "): unknown key";
        const auto meant = base::nearest(source.given.key, i == kEnvironment ? known_environment : known);
        if (meant) problem += "; did you mean " + *meant + "?";
        const bool route = base::istarts_with(source.given.key, i == kEnvironment ? "HEARTHMAIL_RELAY_" : "relay.");
        if (route)
          problem +=
              " (relay.routes is: " +
              (loaded_.settings.relay_routes.empty() ? "empty" : base::join(loaded_.settings.relay_routes, " ")) + ")";
        if (!meant) problem += "; `hearthmail config reference` lists every key";
        problems_.push_back(std::move(problem));
      }
    }
  }

  std::string origin_of(const std::string& key) const {
    const auto found = from_.find(key);
    return found == from_.end() ? "default" : found->second;
  }

  void list_origins() {
    for (const auto& key : setting_keys()) {
      loaded_.origins.push_back(
          {std::string(key.name), show(key, loaded_.settings), origin_of(std::string(key.name)), false});
    }
    for (const auto& route : loaded_.settings.routes) {
      for (const auto& key : route_keys()) {
        const std::string name = route_key(route.name, key.name);
        const bool secret = key.kind == Kind::SecretText;
        loaded_.origins.push_back({name, show(key, route), origin_of(name), secret});
      }
    }
  }

  const Inputs& inputs_;
  std::array<std::vector<Source>, kLevels> level_;
  std::map<std::string, std::string> from_;
  std::vector<std::string> problems_;
  Loaded loaded_;
};

}  // namespace

base::Result<Loaded> load(const Inputs& inputs) { return Loader(inputs).run(); }

}  // namespace hearthmail::config
