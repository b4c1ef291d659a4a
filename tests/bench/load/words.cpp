#include "tests/bench/load/words.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace hearthmail::bench {
namespace {

constexpr std::string_view kWords =
    "the of and to a in for is on that by this with you it not or be are from at as your all have new more an was we "
    "will home can us about if page my has search free but our one other do no information time they site he up may "
    "what which their news out use any there see only so his when contact here business who web also now help get view "
    "online first am been would how were services some these click its like service than find price date back top "
    "people had list name just over state year day into email two health world next used go work last most products "
    "music buy data make them should product system post her city add policy number such please available copyright "
    "support message after best software then good video well where info rights public books high school through each "
    "links she review years order very privacy book items company read group need many user said does set under "
    "general "
    "research university january mail full map reviews program life know games way days management part could great "
    "united hotel real item international center must store travel comments made development report off member details "
    "line terms before did send right type because local those using results office education national car design take "
    "posted internet address community within states area want phone shipping reserved subject between forum family "
    "long "
    "based code show even black check special prices website index being women much sign file link open today "
    "technology south case project same pages version section own found sports house related security both county "
    "american photo game members power while care network down computer systems three total place end following "
    "download him without per access think north resources current posts big media law control water history pictures "
    "size art personal since including guide shop directory board location change white text small rating rate "
    "government children during return students shopping account times sites level digital profile previous form "
    "events "
    "love old john main call hours image department title description insurance another why shall property class still "
    "money quality every listing content country private little visit save tools low reply customer december compare "
    "movies include college value article york man card jobs provide food source author different press learn sale "
    "around print course job canada process room stock training too credit point join science men categories "
    "advanced west sales look english left team estate box conditions select windows photos thread week category "
    "note live large gallery table register however june october november market library really action start series "
    "model features air industry plan human provided required second accessories cost movie forums march september "
    "better say questions july going medical test friend come server study application cart staff articles feedback "
    "again play looking issues april never users complete street topic comment financial things working against "
    "standard tax person below mobile less got blog party payment equipment login student let programs offers legal "
    "above recent park stores side act problem red give memory performance social august quote language story sell "
    "options experience rates create key body young america important field few east paper single age activities club "
    "example girls additional password latest something road gift question changes night hard pay four "
    "status browse issue range building seller court february always result audio light write war offer blue groups "
    "easy given files event release analysis request china making picture needs possible might professional yet month "
    "major star areas future space committee hand sun cards problems london washington meeting rss become interest "
    "child keep enter california share similar garden schools million added reference companies listed baby learning "
    "energy run delivery net popular term film stories put computers journal reports try welcome central images "
    "president notice god original head radio until cell color self council away includes track australia discussion "
    "archive once others entertainment agreement format least society months safety friends sure trade edition cars "
    "messages marketing tell further updated association able having provides david fun already green studies close "
    "common drive specific several gold living collection called short arts lot ask display limited powered solutions "
    "means director daily beach past natural whether due electronics five upon period planning database says official "
    "weather mar land average done technical window france pro region island record direct conference environment "
    "records district calendar costs style front statement update parts ever downloads early miles sound resource "
    "present applications either ago document word works material bill written talk federal hosting rules final";

constexpr std::array<std::string_view, 24> kFirst = {
    "Anna",  "Bela", "Clara", "David", "Edith", "Franz", "Greta", "Hugo", "Ida",  "Jonas",  "Karin", "Louis",
    "Maria", "Nils", "Olga",  "Pavel", "Quinn", "Rosa",  "Simon", "Thea", "Ulla", "Viktor", "Wanda", "Xaver"};
constexpr std::array<std::string_view, 16> kLast = {"Abel",    "Berger", "Conti", "Dahl",   "Ek",    "Fischer",
                                                    "Garnier", "Holm",   "Ivers", "Jansen", "Klein", "Lang",
                                                    "Moser",   "Nowak",  "Olsen", "Peters"};

// 4,096 slots, filled by Zipf's law: drawing a word is one look-up.
const std::vector<std::string_view>& slots() {
  static const auto made = [] {
    std::vector<std::string_view> words;
    for (std::string_view rest = kWords; !rest.empty();) {
      const auto end = std::min(rest.find(' '), rest.size());
      words.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    double sum = 0;
    for (std::size_t i = 0; i < words.size(); ++i) sum += 1.0 / static_cast<double>(i + 3);
    std::vector<std::string_view> table;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto share = std::lround(4096.0 / static_cast<double>(i + 3) / sum);
      table.insert(table.end(), static_cast<std::size_t>(std::max(share, 1L)), words[i]);
    }
    return table;
  }();
  return made;
}

constexpr std::size_t kTextLine = 76;  // octets without CRLF, RFC 2045 §6.7's width

}  // namespace

std::string_view word(Dice& dice) {
  const auto& table = slots();
  return table[dice.below(table.size())];
}
std::string_view first_name(Dice& dice) { return kFirst[dice.below(kFirst.size())]; }
std::string_view last_name(Dice& dice) { return kLast[dice.below(kLast.size())]; }

void add_text(Dice& dice, std::size_t octets, std::string& out) {
  const auto end = out.size() + octets;
  std::size_t line = 0;
  std::uint64_t sentence = 0;
  while (out.size() + kTextLine + 40 < end) {
    auto next = word(dice);
    if (line != 0 && line + 1 + next.size() + 1 > kTextLine) {
      out += "\r\n";
      line = 0;
    }
    if (line != 0) {
      out += ' ';
      ++line;
    }
    const auto at = out.size();
    out += next;
    if (sentence == 0) out[at] = static_cast<char>(out[at] - 32);
    line += next.size();
    if (++sentence > 6 && dice.below(8) == 0) {
      out += '.';
      ++line;
      sentence = 0;
      if (dice.below(6) == 0 && out.size() + kTextLine + 40 < end) {
        out += "\r\n\r\n";
        line = 0;
      }
    }
  }
  if (line != 0 && out.size() + 2 <= end) out += "\r\n";
  // The rest to the octet: lines of one letter's width, the last one ends with CRLF.
  while (out.size() < end) {
    const auto left = end - out.size();
    if (left == 1) {
      out.insert(out.size() - 2, 1, '-');
    } else {
      const auto width = std::min<std::size_t>(left - 2, left == 2 + kTextLine + 1 ? kTextLine - 1 : kTextLine);
      out.append(width, '-');
      out += "\r\n";
    }
  }
}

void add_base64(Dice& dice, std::size_t octets, std::string& out) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kLine = 76;
  const auto end = out.size() + octets;
  while (end - out.size() >= kLine + 2) {
    for (std::size_t i = 0; i < kLine; i += 4) {
      const auto bits = dice.next();
      for (unsigned j = 0; j < 4; ++j) out += kAlphabet[(bits >> (6 * j)) & 63U];
    }
    out += "\r\n";
  }
  // What is left is shorter than a line: whole groups of four, then blank octets before the line's end, which decoders
  // pass over (RFC 2045 §6.8).
  const auto left = end - out.size();
  if (left == 0) return;
  if (left < 2) {
    out.insert(out.size() - 2, 1, ' ');
    return;
  }
  const auto groups = (left - 2) / 4;
  for (std::size_t i = 0; i < groups; ++i) {
    const auto bits = dice.next();
    for (unsigned j = 0; j < 4; ++j) out += kAlphabet[(bits >> (6 * j)) & 63U];
  }
  out.append(left - 2 - groups * 4, ' ');
  out += "\r\n";
}

}  // namespace hearthmail::bench
