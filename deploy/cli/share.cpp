// hearthmail share: who besides its owner may do what with a mailbox (RFC 4314), without a mail program that knows of it.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/base/text.hpp"
#include "deploy/cli/commands.hpp"
#include "deploy/cli/json_text.hpp"
#include "deploy/cli/text_table.hpp"
#include "store/mail/acl.hpp"
#include "store/mail/shared_name.hpp"

namespace hearthmail::cli {

using base::Errc;
using base::Error;
using base::Result;
using base::Status;
namespace accounts = store::accounts;
namespace mail = store::mail;

namespace {

constexpr const char* kAnyoneName = "anyone";
constexpr const char* kListAll = "`hearthmail share --list` shows all shared mailboxes";

struct Options {
  std::string owner;
  std::string mailbox;
  std::string with;
  std::string rights = "read";
  bool remove = false;
  bool list = false;
};

struct Preset {
  const char* name;
  const char* letters;
};
constexpr std::array<Preset, 3> kPresets{{{"read", "lr"}, {"write", "lrswite"}, {"full", "lrswipkxte"}}};

Result<mail::Rights> wanted_rights(const std::string& text) {
  for (const Preset& preset : kPresets) {
    if (text == preset.name) return mail::parse_rights(preset.letters);
  }
  auto rights = mail::parse_rights(text);
  if (rights.ok() && rights->empty()) return Error{Errc::Invalid, "--rights is empty; --remove takes rights away"};
  if (!rights.ok()) {
    return Error{Errc::Invalid, "--rights is read, write, full, or letters of lrswipkxtea: " + rights.error().text};
  }
  return rights;
}

// "read" when it is just that, otherwise the letters.
std::string words_of(mail::Rights rights) {
  for (const Preset& preset : kPresets) {
    if (rights.letters() == preset.letters) return preset.name;
  }
  return rights.letters();
}

// The databases, and the accounts by number.
struct Stores {
  std::unique_ptr<accounts::Store> accounts;
  std::unique_ptr<mail::Store> mail;
  std::vector<accounts::Account> all;

  std::string address_of(base::AccountId id) const {
    if (id == mail::kAnyone) return kAnyoneName;
    for (const auto& account : all) {
      if (account.id == id) return account.address;
    }
    return "account " + std::to_string(id.value);
  }
};

Result<Stores> open_stores(const Context& context) {
  Stores stores;
  TRY_ASSIGN(const auto loaded, context.load());
  TRY_ASSIGN(stores.accounts, open_accounts(loaded.settings));
  TRY(must_exist(mail_directory(loaded.settings)));
  TRY_ASSIGN(stores.mail, mail::Store::open(mail_directory(loaded.settings)));
  TRY_ASSIGN(stores.all, stores.accounts->env().read(accounts::list_accounts));
  return stores;
}

Result<accounts::Account> find_account(const Stores& stores, const std::string& address) {
  const auto find = [&](const accounts::ReadTxn& txn) { return accounts::find_account(txn, address); };
  TRY_ASSIGN(const auto account, stores.accounts->env().read(find));
  if (!account) return Error{Errc::NotFound, "no account " + address + "; `hearthmail user list` shows them"};
  return *account;
}

struct Grantee {
  base::AccountId account;
  std::string address;
};
Result<Grantee> find_grantee(const Stores& stores, const std::string& with) {
  if (with == kAnyoneName) return Grantee{mail::kAnyone, kAnyoneName};
  TRY_ASSIGN(const auto account, find_account(stores, with));
  return Grantee{account.id, account.address};
}

Result<mail::Mailbox> find_box(const mail::ReadTxn& txn, const accounts::Account& owner, const std::string& name) {
  auto box = mail::find_mailbox(txn, owner.id, name);
  if (box.ok() || box.error().code != Errc::NotFound) return box;
  TRY_ASSIGN(const auto all, mail::list_mailboxes(txn, owner.id));
  if (all.empty()) {
    return Error{Errc::NotFound, owner.address + " has no mailboxes yet; they are made at the first login or delivery"};
  }
  std::vector<std::string> names;
  for (const auto& one : all) names.push_back(one.name);
  const auto meant = base::nearest(name, names);
  return Error{Errc::NotFound, owner.address + " has no mailbox " + base::printable(name) +
                                   (meant ? "; did you mean " + base::printable(*meant) + "?"
                                          : "; it has: " + base::join(names, ", "))};
}

// Many mail programs show subscribed mailboxes only; so what is shared is subscribed, and what is not shared any more is not.
Status subscribe(mail::WriteTxn& txn, const Grantee& grantee, const std::string& shown, bool on) {
  if (grantee.account == mail::kAnyone) return base::ok();
  return mail::set_subscribed(txn, grantee.account, shown, on);
}

Result<std::string> share(const Stores& stores, const Options& options) {
  TRY_ASSIGN(const auto rights, wanted_rights(options.rights));
  TRY_ASSIGN(const auto owner, find_account(stores, options.owner));
  TRY_ASSIGN(const auto grantee, find_grantee(stores, options.with));
  if (grantee.account == owner.id) return Error{Errc::Invalid, owner.address + " is the owner and has every right"};
  std::string shown;
  const auto grant = [&](mail::WriteTxn& txn) -> Status {
    TRY_ASSIGN(const auto box, find_box(txn, owner, options.mailbox));
    TRY_ASSIGN(auto entry, mail::find_acl(txn, box.id, grantee.account));
    entry.granted = rights;
    TRY(mail::set_acl(txn, box.id, entry));
    shown = mail::shared_name(owner.address, box.name);
    return subscribe(txn, grantee, shown, rights.has(mail::Right::Lookup));
  };
  TRY(stores.mail->env().write(grant));
  std::string said = grantee.address + " may " + words_of(rights) + " " + base::printable(shown) + "\n";
  if (grantee.account == mail::kAnyone)
    said = "every account of this server may " + words_of(rights) + " " + base::printable(shown) + "\n";
  else if (rights.has(mail::Right::Lookup))
    said += "It is subscribed there: mail programs show it when they next fetch the list of folders.\n";
  return said;
}

Result<std::string> unshare(const Stores& stores, const Options& options) {
  TRY_ASSIGN(const auto owner, find_account(stores, options.owner));
  TRY_ASSIGN(const auto grantee, find_grantee(stores, options.with));
  std::string shown;
  const auto take = [&](mail::WriteTxn& txn) -> Status {
    TRY_ASSIGN(const auto box, find_box(txn, owner, options.mailbox));
    shown = mail::shared_name(owner.address, box.name);
    TRY_ASSIGN(const auto entry, mail::find_acl(txn, box.id, grantee.account));
    if (entry.granted.empty() && entry.denied.empty()) {
      return Error{Errc::NotFound, grantee.address + " has no rights on " + base::printable(shown) + "; " + kListAll};
    }
    TRY(mail::set_acl(txn, box.id, {grantee.account, {}, {}}));
    return subscribe(txn, grantee, shown, false);
  };
  TRY(stores.mail->env().write(take));
  return grantee.address + " has no rights on " + base::printable(shown) +
         " any more; a mail program that has it open is sent away at its next command\n";
}

struct Row {
  std::string owner, mailbox, with;
  mail::Rights granted, denied;
};
Result<std::vector<Row>> rows_of(const Stores& stores, const Options& options) {
  std::vector<accounts::Account> owners = stores.all;
  if (!options.owner.empty()) {
    TRY_ASSIGN(const auto owner, find_account(stores, options.owner));
    owners = {owner};
  }
  std::vector<Row> rows;
  for (const auto& owner : owners) {
    const auto collect = [&](const mail::ReadTxn& txn) -> Status {
      if (!options.mailbox.empty()) TRY(find_box(txn, owner, options.mailbox));
      TRY_ASSIGN(const auto boxes, mail::list_mailboxes(txn, owner.id));
      for (const auto& box : boxes) {
        if (!options.mailbox.empty() && box.name != options.mailbox) continue;
        TRY_ASSIGN(const auto entries, mail::list_acl(txn, box.id));
        for (const auto& entry : entries) {
          rows.push_back({owner.address, box.name, stores.address_of(entry.account), entry.granted, entry.denied});
        }
      }
      return base::ok();
    };
    TRY(stores.mail->env().read(collect));
  }
  return rows;
}

Result<std::string> list(const Context& context, const Stores& stores, const Options& options) {
  TRY_ASSIGN(const auto rows, rows_of(stores, options));
  if (context.json) {
    auto out = nlohmann::ordered_json::array();
    for (const Row& row : rows) {
      out.push_back({{"owner", row.owner},
                     {"mailbox", row.mailbox},
                     {"with", row.with},
                     {"rights", row.granted.letters()},
                     {"denied", row.denied.letters()},
                     {"shown", mail::shared_name(row.owner, row.mailbox)}});
    }
    return json_text(out);
  }
  if (rows.empty()) return std::string("nothing is shared; share one: hearthmail share OWNER MAILBOX --with ADDRESS\n");
  TextTable table({"OWNER", "MAILBOX", "WITH", "RIGHTS"});
  for (const Row& row : rows) {
    std::string rights = words_of(row.granted);
    if (!row.denied.empty()) rights += (rights.empty() ? "never " : " but never ") + row.denied.letters();
    table.add({row.owner, base::printable(row.mailbox), row.with, rights});
  }
  return table.str();
}

Result<std::string> run(const Context& context, const Options& options) {
  TRY_ASSIGN(const auto stores, open_stores(context));
  if (options.list) return list(context, stores, options);
  return options.remove ? unshare(stores, options) : share(stores, options);
}

constexpr const char* kFooter =
    "Examples:\n"
    "  hearthmail share anna@example.org Plans --with bert@example.org\n"
    "  hearthmail share info@example.org INBOX --with bert@example.org --rights write\n"
    "  hearthmail share anna@example.org Plans --with bert@example.org --remove\n"
    "  hearthmail share --list\n\n"
    "Bert then has the folder Shared/anna@example.org/Plans in every mail program. It stays Anna's: its messages\n"
    "take her room, and a message that one has read or flagged is so for all. Folders that are made below it later\n"
    "have the same rights; those that are there already are shared one by one.\n\n"
    "RIGHTS is one of\n"
    "  read   see the folder and read its mail, without leaving a trace                              (lr)\n"
    "  write  read, mark, file, delete: what one does with one's own mail                            (lrswite)\n"
    "  full   also make, rename and delete folders: everything but giving rights to others           (lrswipkxte)\n"
    "or letters of RFC 4314: l see, r read, s mark as read, w other flags, i add messages, p post, k make folders\n"
    "below, x delete or rename the folder, t mark as deleted, e expunge, a give rights to others.\n"
    "ADDRESS is an account of this server, or anyone: all of them. Rights given again replace those given before.\n"
    "Mail programs that know of access lists (ACL) do the same.";

}  // namespace

void add_share(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, context, "share", "Let another account use a mailbox, or say who does", [&context, options] {
        const bool complete = !options->mailbox.empty() && !options->with.empty();
        if (options->list || complete) return finish(run(context, *options));
        return report_usage(
            "name the owner, the mailbox and --with whom, or say --list.\n"
            "`hearthmail share --help` explains it.");
      });
  command->footer(kFooter);
  command->add_option("OWNER", options->owner, "The account whose mailbox it is");
  command->add_option("MAILBOX", options->mailbox, "Its mailbox, with / between levels: INBOX, Plans/2027");
  auto* with =
      command->add_option("--with", options->with, "The account that gets the rights, or anyone")->type_name("ADDRESS");
  auto* rights = command->add_option("--rights", options->rights, "What it may do; default: read")->type_name("RIGHTS");
  auto* remove = command->add_flag("--remove", options->remove, "Take its rights away")->excludes(rights);
  command->add_flag("--list", options->list, "List who may do what, of all accounts, one or one mailbox")
      ->excludes(with)
      ->excludes(rights)
      ->excludes(remove);
  add_json(command, context);
}

}  // namespace hearthmail::cli
