// hearthmail user add|passwd|quota|list|remove|purge
#include <nlohmann/json.hpp>

#include "common/auth/password.hpp"
#include "common/auth/scram_server.hpp"
#include "common/base/clock.hpp"
#include "common/base/text.hpp"
#include "common/config/value.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/password_input.hpp"
#include "deploy/cli/text_table.hpp"
#include "store/mail/acl.hpp"
#include "store/mail/quota.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
namespace accounts = store::accounts;

namespace {

constexpr const char* kPurged = "deleted its mail; the running receiver gives its room back within 11 minutes\n";

struct Options {
  std::string address;
  PasswordSource password;
  bool purge = false;
  std::string storage;
  std::string messages;
  bool none = false;
};

// What is kept of a password: a hash to verify it by, and a verifier for SCRAM.
struct Kept {
  std::string hash;
  std::string scram;
};

// Asks for the password and hashes it, before any database is locked.
Result<Kept> new_credential(const Options& options) {
  TRY_ASSIGN(const auto password, read_password(options.password, options.address));
  if (password.size() < 8) print("note: this password has less than 8 characters; longer ones are harder to guess\n");
  std::string encoded = auth::hash_password(password.reveal());
  if (encoded.empty()) return Error{Errc::Unavailable, "there is not enough memory for the password hash (19 MiB)"};
  Kept kept{std::move(encoded), auth::make_scram_verifier(password.reveal())};
  if (kept.scram.empty()) print("note: SCRAM does not allow a character of this password; clients must use PLAIN\n");
  return kept;
}

std::string domain_of(const std::string& address) { return address.substr(address.rfind('@') + 1); }

// Every domain that receives mail has a postmaster, RFC 5321 §4.5.1: the first account gets that mail.
Result<bool> ensure_postmaster(store::lmdb::WriteTxn& txn, const std::string& address) {
  const std::string postmaster = "postmaster@" + domain_of(address);
  TRY_ASSIGN(const auto there, accounts::resolve(txn, postmaster));
  if (there.found == accounts::Found::Account || there.found == accounts::Found::Alias) return false;
  TRY(accounts::set_alias(txn, postmaster, {address}));
  return true;
}

// The store says what is wrong; this adds the command that helps.
Error explained(Error error) {
  if (error.code == Errc::Exists)
    error.text += ".\n`hearthmail user passwd` changes a password, `hearthmail alias` an alias.";
  if (error.code == Errc::Invalid)
    error.text += ":\n`hearthmail alias` for an alias, `hearthmail domain catch-all` for a catch-all.";
  if (error.code == Errc::NotFound) error.text += "; `hearthmail user list` shows them";
  return error;
}

Result<std::string> add(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto address, accounts::normalize(options.address));
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY_ASSIGN(const auto local, store->env().read([&](const accounts::ReadTxn& txn) {
    return accounts::is_local_domain(txn, domain_of(address));
  }));
  if (!local) {
    const auto domain = domain_of(address);
    return Error{Errc::NotFound,
                 "domain " + domain + " is not ours yet.\nAdd it first: hearthmail domain add " + domain};
  }
  TRY_ASSIGN(const auto kept, new_credential(options));
  const auto now = base::Clock::system().now();
  bool postmaster = false;
  TRY_ASSIGN(const auto id, store->env().write([&](store::lmdb::WriteTxn& txn) -> Result<base::AccountId> {
    auto added = accounts::add_account(txn, address, kept.hash, now, kept.scram);
    if (!added.ok()) return explained(added.error());
    TRY_ASSIGN(postmaster, ensure_postmaster(txn, address));
    return *added;
  }));
  std::string said = "added " + address + " (account " + std::to_string(id.value) + ")\n";
  if (postmaster) said += "added alias postmaster@" + domain_of(address) + " -> " + address + " (RFC 5321 wants one)\n";
  return said + "Its mailboxes are made at the first login or delivery.\n";
}

Result<std::string> passwd(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY_ASSIGN(const auto account, store->env().read([&](const accounts::ReadTxn& txn) {
    return accounts::find_account(txn, options.address);
  }));
  if (!account) return Error{Errc::NotFound, "no account " + options.address + "; `hearthmail user list` shows them"};
  TRY_ASSIGN(const auto kept, new_credential(options));
  TRY(store->env().write([&](store::lmdb::WriteTxn& txn) {
    return accounts::set_credential(txn, account->address, kept.hash, kept.scram);
  }));
  return "changed the password of " + account->address + "; the old one is refused from now on\n";
}

Status purge_mail(const config::Settings& settings, base::AccountId id) {
  TRY_ASSIGN(const auto mail, store::mail::Store::open(mail_directory(settings)));
  return mail->env().write([&](store::lmdb::WriteTxn& txn) { return store::mail::delete_account(txn, id); });
}

// The rights that others gave it. Without a mail database nobody has given any.
Status forget_rights(const config::Settings& settings, base::AccountId id) {
  if (!must_exist(mail_directory(settings)).ok()) return base::ok();
  TRY_ASSIGN(const auto mail, store::mail::Store::open(mail_directory(settings)));
  return mail->env().write([&](store::lmdb::WriteTxn& txn) { return store::mail::forget_in_acls(txn, id); });
}

Result<std::string> remove(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY_ASSIGN(const auto address, accounts::normalize(options.address));
  const auto removed =
      store->env().write([&](store::lmdb::WriteTxn& txn) { return accounts::remove_account(txn, address); });
  if (!removed.ok()) return explained(removed.error());
  const base::AccountId id = *removed;
  const auto forgotten = forget_rights(loaded.settings, id);
  if (!forgotten.ok()) {
    return base::with_context("the account is gone, but taking it out of access lists failed", forgotten.error());
  }
  std::string said = "removed " + address + " (account " + std::to_string(id.value) + ")\n";
  if (!options.purge) {
    return said + "Its mail is still in the mail database under account " + std::to_string(id.value) +
           "; `hearthmail user purge " + std::to_string(id.value) +
           "` deletes it. A new account never gets that number.\n";
  }
  auto purged = purge_mail(loaded.settings, id);
  if (!purged.ok()) return base::with_context("the account is gone, but deleting its mail failed", purged.error());
  return said + kPurged;
}

// The mail of an account that was removed, by its number or, for one that is there, refused.
Result<std::string> purge(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  const auto number = base::parse_u64(options.address);
  if (!number || *number == 0) {
    return Error{Errc::Invalid,
                 "name the removed account by its number; `hearthmail check` lists removed accounts that have "
                 "mail.\nAn account that is there: `hearthmail user remove ADDRESS --purge`"};
  }
  const base::AccountId id{*number};
  TRY_ASSIGN(const auto account,
             store->env().read([&](const accounts::ReadTxn& txn) { return accounts::load_account(txn, id); }));
  if (account) {
    return Error{Errc::Invalid, "account " + options.address + " is " + account->address +
                                    " and was not removed; `hearthmail user remove " + account->address + " --purge`"};
  }
  TRY(must_exist(mail_directory(loaded.settings)));
  TRY_ASSIGN(const auto mail, store::mail::Store::open(mail_directory(loaded.settings)));
  TRY_ASSIGN(const auto boxes,
             mail->env().read([&](const store::mail::ReadTxn& txn) { return store::mail::list_mailboxes(txn, id); }));
  if (boxes.empty()) return Error{Errc::NotFound, "there is no mail of account " + options.address};
  std::uint64_t messages = 0;
  for (const auto& box : boxes) messages += box.messages;
  TRY(mail->env().write([&](store::lmdb::WriteTxn& txn) { return store::mail::delete_account(txn, id); }));
  return "account " + options.address + ": " + std::to_string(boxes.size()) + " mailboxes with " +
         std::to_string(messages) + " messages\n" + kPurged;
}

// ---- quota

std::string limits_text(const base::Quota& quota) {
  std::vector<std::string> words;
  if (quota.octets) words.push_back(config::render_octets(*quota.octets));
  if (quota.messages) words.push_back(std::to_string(*quota.messages) + " messages");
  return words.empty() ? "-" : base::join(words, ", ");
}

nlohmann::ordered_json limits_json(const base::Quota& quota) {
  nlohmann::ordered_json out;
  out["storage"] = quota.octets ? nlohmann::ordered_json(*quota.octets) : nullptr;
  out["messages"] = quota.messages ? nlohmann::ordered_json(*quota.messages) : nullptr;
  return out;
}

// What is set where nothing was said stays as it is.
Result<base::Quota> wanted_quota(const Options& options, base::Quota quota) {
  if (options.none) return base::Quota{};
  if (!options.storage.empty()) {
    auto octets = config::parse_octets(options.storage);
    if (!octets.ok()) return base::with_context("--storage", std::move(octets).error());
    quota.octets = *octets;
  }
  if (!options.messages.empty()) {
    quota.messages = base::parse_u64(options.messages);
    if (!quota.messages) return Error{Errc::Invalid, "--messages: a whole number"};
  }
  return quota;
}

Result<store::mail::Usage> usage_of(const config::Settings& settings, base::AccountId account) {
  const std::string directory = mail_directory(settings);
  const Status there = must_exist(directory);
  if (!there.ok() && there.error().code == Errc::NotFound) return store::mail::Usage{};  // no mail has come yet
  TRY(there);
  TRY_ASSIGN(const auto mail, store::mail::Store::open(directory));
  return mail->env().read([&](const store::mail::ReadTxn& txn) { return store::mail::usage(txn, account); });
}

Result<std::string> quota(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY_ASSIGN(auto account, store->env().read([&](const accounts::ReadTxn& txn) {
    return accounts::find_account(txn, options.address);
  }));
  if (!account) return Error{Errc::NotFound, "no account " + options.address + "; `hearthmail user list` shows them"};
  TRY_ASSIGN(const auto wanted, wanted_quota(options, account->quota));
  if (!(wanted == account->quota)) {
    TRY(store->env().write(
        [&](store::lmdb::WriteTxn& txn) { return accounts::set_quota(txn, account->address, wanted); }));
  }
  TRY_ASSIGN(const auto used, usage_of(loaded.settings, account->id));
  if (context.json) {
    return json_text(nlohmann::ordered_json{{"address", account->address},
                                            {"limits", limits_json(wanted)},
                                            {"used", {{"storage", used.octets}, {"messages", used.messages}}}});
  }
  std::string said = account->address + " keeps " + std::to_string(used.messages) + " messages with " +
                     std::to_string(used.octets) + " octets; limits: " + limits_text(wanted) + "\n";
  const store::mail::Usage one{1, 1};
  if (!store::mail::check_room({used.octets, used.messages}, wanted, one).ok()) {
    said += "It is full: new mail waits with its senders (452 4.2.2), APPEND and COPY are refused.\n";
  }
  return said;
}

Result<std::string> list(const Context& context) {
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(const auto store, open_accounts(loaded.settings));
  TRY_ASSIGN(const auto all,
             store->env().read([](const accounts::ReadTxn& txn) { return accounts::list_accounts(txn); }));
  if (context.json) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& account : all) {
      out.push_back({{"id", account.id.value},
                     {"address", account.address},
                     {"created", base::rfc3339(account.created)},
                     {"login", !account.credential.empty() && !account.disabled},
                     {"scram", !account.scram.empty() && !account.disabled},
                     {"quota", limits_json(account.quota)}});
    }
    return json_text(out);
  }
  if (all.empty()) return std::string("no accounts yet; add one: hearthmail user add you@your.domain\n");
  TextTable table({"ADDRESS", "ACCOUNT", "CREATED", "LOGIN", "SCRAM", "QUOTA"});
  bool lacks = false;
  for (const auto& account : all) {
    const bool login = !account.credential.empty() && !account.disabled;
    const bool scram = login && !account.scram.empty();
    lacks = lacks || login != scram;
    table.add({account.address, std::to_string(account.id.value), base::rfc3339(account.created), login ? "yes" : "no",
               scram ? "yes" : "no", limits_text(account.quota)});
  }
  if (!lacks) return table.str();
  return table.str() +
         "SCRAM no: a client that logs in by SCRAM is refused until `hearthmail user passwd` sets the\n"
         "password, the same or a new one; PLAIN and LOGIN inside TLS work.\n";
}

void add_password_flags(CLI::App* command, Options& options) {
  auto* file =
      command->add_option("--password-file", options.password.file, "Take the password from this file's first line");
  command
      ->add_flag("--password-stdin", options.password.from_stdin, "Take the password from standard input's first line")
      ->excludes(file);
}

}  // namespace

void add_user(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* group =
      add_group(app, "user", "Accounts: who can log in and receive mail",
                "Examples:\n"
                "  hearthmail user add anna@example.org\n"
                "  pass show mail/anna | hearthmail user passwd anna@example.org --password-stdin\n"
                "  hearthmail user list --json\n\n"
                "A password is asked for at a prompt, or read from a file or standard input; never given as\n"
                "an argument, where every user of the machine could read it.");
  auto* add_one = add_command(*group, context, "add", "Add an account and set its password",
                              [&context, options] { return finish(add(context, *options)); });
  auto* change = add_command(*group, context, "passwd", "Change the password of an account",
                             [&context, options] { return finish(passwd(context, *options)); });
  auto* drop = add_command(*group, context, "remove", "Remove an account; its mail stays unless --purge is given",
                           [&context, options] { return finish(remove(context, *options)); });
  auto* purge_one = add_command(*group, context, "purge", "Delete the mail that a removed account left behind",
                                [&context, options] { return finish(purge(context, *options)); });
  purge_one->add_option("NUMBER", options->address, "The removed account's number")->required();
  purge_one->footer(
      "`user remove` without --purge leaves the mail and says the account's number; `hearthmail check` lists such\n"
      "accounts. This cannot be undone.");
  auto* limit = add_command(*group, context, "quota", "Show what an account keeps, or limit it",
                            [&context, options] { return finish(quota(context, *options)); });
  auto* none = limit->add_flag("--none", options->none, "Take all limits away");
  limit->add_option("--storage", options->storage, "Octets of all its messages together (K, M, G)")->excludes(none);
  limit->add_option("--messages", options->messages, "How many messages it may keep")->excludes(none);
  limit->footer(
      "A full mailbox refuses new mail for a while (452 4.2.2), so that it waits with its sender; what was accepted "
      "is\n"
      "kept. Deleting and moving go on. The limits are seen at once by the running programs and by IMAP clients.");
  add_json(limit, context);
  for (auto* command : {add_one, change, drop, limit}) {
    command->add_option("ADDRESS", options->address, "The account's login and primary address")->required();
  }
  for (auto* command : {add_one, change}) add_password_flags(command, *options);
  drop->add_flag("--purge", options->purge, "Delete the account's mail too. This cannot be undone");
  add_json(add_command(*group, context, "list", "List the accounts", [&context] { return finish(list(context)); }),
           context);
}

}  // namespace hearthmail::cli
