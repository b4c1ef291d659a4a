// One random run: a few clients of every kind on two mailboxes, beside the reference. Most steps are one command at a
// time, whose whole effect the reference foretells; some send to several sessions at once and let them interleave: the
// reference is then read anew, and every client must agree with it after a NOOP.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/receiver/imap/fixture.hpp"
#include "tests/receiver/imap/model/believer.hpp"
#include "tests/receiver/imap/model/reference.hpp"

namespace hearthmail::test::model {

enum class Kind { Plain, Condstore, Qresync, Rev2, Notify };  // Rev2: IMAP4rev2 with CONDSTORE

struct Client {
  std::string name;
  Kind kind = Kind::Plain;
  std::unique_ptr<ImapClient> wire;
  Believer belief;
  std::size_t box = 0;
  bool idling = false;
  std::string idle_tag;
};

// A command that has been decided on, and what it means.
struct Prepared {
  std::string text;
  bool withheld = false;               // uses sequence numbers: no EXPUNGE in its answer
  std::function<void()> reference;     // what it does to the mailboxes; before `check`
  std::function<void()> locally;       // what the client knows without being told (.SILENT); before the answer is read
  std::function<void(Answer&)> check;  // when nobody else was busy meanwhile
};

class Run {
 public:
  Run(ImapFixture& fixture, std::uint32_t seed);
  ~Run();
  void go(std::size_t steps);  // throws what went wrong
  const std::string& transcript() const { return transcript_; }

 private:
  // ---- run.cpp: talking, comparing, coming back
  void step();
  void together();
  void finish();
  void connect(Client& client);
  Answer command(Client& client, const std::string& text, bool withheld);
  void perform(Client& client, const Prepared& prepared);
  std::string send(Client& client, const std::string& text);  // the tag
  std::string receive(Client& client);
  void select(Client& client);
  void idle(Client& client);
  void done(Client& client);
  void come_back(Client& client);
  void come_back_with(Client& client, const std::map<std::uint32_t, FlagSet>& cache, std::uint64_t modseq);
  void catch_up(Client& client);
  void compare(const Client& client, bool withheld) const;
  void compare_modseqs(const Client& client, const Answer& answer) const;
  Box load(std::size_t box) const;
  void note(const std::string& text);

  // ---- commands.cpp: deciding
  Prepared any_command(Client& client);
  Prepared store(Client& client);
  Prepared fetch(Client& client);
  Prepared expunge(Client& client);
  Prepared transfer(Client& client);
  Prepared append();
  Prepared search(Client& client);
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::vector<std::size_t> some(const Client& client);  // indices of its list, ascending
  FlagSet some_flags();

  ImapFixture& fixture_;
  std::mt19937 random_;
  Box boxes_[2];
  std::vector<Client> clients_;
  std::size_t tags_ = 0;
  std::string transcript_;
};

}  // namespace hearthmail::test::model
