#include "store/body/base64_runs.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "store/body/base64_encode.hpp"

namespace hearthmail::store::body {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kLeastLine = 40;     // characters of a line that begins a run; shorter ones may be words
constexpr std::size_t kLeastGroups = 128;  // of a run that is worth its description
constexpr std::size_t kLeastShare = 8;     // runs take at least this part of a chunk, or it stays whole
constexpr std::uint32_t kNone = 0xFF000000;

// What the character at each of a group's four places adds to its three octets; kNone for one outside the alphabet.
struct Values {
  std::array<std::array<std::uint32_t, 256>, 4> at{};
  constexpr Values() {
    for (std::size_t place = 0; place < 4; ++place) {
      for (auto& value : at[place]) value = kNone;
      for (std::uint32_t i = 0; i < 64; ++i) {
        at[place][static_cast<unsigned char>(kAlphabet[i])] = i << (6 * (3 - place));
      }
    }
  }
};
constexpr Values kValues;

// Decodes up to `most` groups at `in`; the number of whole ones before the first that is not of the alphabet.
std::size_t decode_groups(const char* in, std::size_t most, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + most * 3);
  const auto octet = [&in](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  char* to = out.data() + before;
  std::size_t done = 0;
  for (; done < most; ++done, in += 4, to += 3) {
    const std::uint32_t value =
        kValues.at[0][octet(0)] | kValues.at[1][octet(1)] | kValues.at[2][octet(2)] | kValues.at[3][octet(3)];
    if ((value & kNone) != 0) break;
    to[0] = static_cast<char>(value >> 16);
    to[1] = static_cast<char>(value >> 8);
    to[2] = static_cast<char>(value);
  }
  out.resize(before + done * 3);
  return done;
}

class Splitter {
 public:
  explicit Splitter(std::string_view plain) : plain_(plain) {}

  Base64Split take() {
    bool first = true;
    for (std::size_t at = 0; at < plain_.size();) {
      const std::size_t end = end_of_line(at);
      const std::size_t length = end - at;
      // A chunk may begin in the midst of a line, and of a group.
      const std::size_t skip = first ? length % 4 : 0;
      if ((first || length >= kLeastLine) && length % 4 == skip && take_run(at + skip, (length - skip) / 4)) {
        at = taken_;
      } else {
        at = std::min(end + 2, plain_.size());
      }
      first = false;
    }
    out_.text += plain_.substr(taken_);
    return std::move(out_);
  }

 private:
  // Where the CRLF of the line at `at` stands, or the end.
  std::size_t end_of_line(std::size_t at) const { return std::min(plain_.find("\r\n", at), plain_.size()); }

  // The run whose first line has `groups` groups, if there is one.
  bool take_run(std::size_t at, std::size_t groups) {
    const std::size_t before = out_.content.size();
    Base64Run run;
    run.before = at - taken_;
    run.first_line = groups;
    std::size_t end = at;
    if (groups > 0 && decode_groups(plain_.data() + at, groups, out_.content) == groups) {
      run.groups = groups;
      end = at + groups * 4;
      while (take_line(run, end)) continue;
    }
    if (run.groups < kLeastGroups) {
      out_.content.resize(before);
      return false;
    }
    out_.text += plain_.substr(taken_, run.before);
    out_.runs.push_back(run);
    taken_ = end;
    return true;
  }

  // The CRLF at `end` and the line after it; false when the run ends before or in it.
  bool take_line(Base64Run& run, std::size_t& end) {
    if (plain_.substr(end, 2) != "\r\n") return false;
    const std::size_t at = end + 2;
    const std::size_t stop = run.line == 0 ? end_of_line(at) : std::min(at + run.line * 4, plain_.size());
    const std::size_t wanted = (stop - at) / 4;
    const std::size_t got = decode_groups(plain_.data() + at, wanted, out_.content);
    if (got == 0) return false;
    if (run.line == 0) run.line = got;
    run.groups += got;
    end = at + got * 4;
    return got == run.line;
  }

  std::string_view plain_;
  std::size_t taken_ = 0;  // octets of it that are in out_
  Base64Split out_;
};

}  // namespace

std::uint64_t Base64Run::octets() const {
  const std::uint64_t further = groups > first_line ? 1 + (groups - first_line - 1) / line : 0;
  return groups * 4 + further * 2;
}

std::optional<Base64Split> split_base64(std::string_view plain) {
  Base64Split split = Splitter(plain).take();
  if (split.content.size() < plain.size() / kLeastShare) return std::nullopt;
  return split;
}

bool fits(const std::vector<Base64Run>& runs, std::size_t octets, std::size_t& text, std::size_t& content) {
  std::uint64_t plain = 0;
  text = content = 0;
  for (const Base64Run& run : runs) {
    if (run.before > octets || run.groups > octets || run.first_line == 0 || run.first_line > run.groups) return false;
    if (run.groups > run.first_line && run.line == 0) return false;
    plain += run.before + run.octets();
    text += run.before;
    content += run.groups * 3;
    if (plain > octets) return false;
  }
  text += octets - plain;
  return true;
}

std::size_t join_base64(const std::vector<Base64Run>& runs, std::string_view text, std::string_view content, char* out,
                        std::size_t need) {
  char* to = out;
  const auto enough = [&] { return static_cast<std::size_t>(to - out) >= need; };
  const auto put = [&to, &text](std::size_t octets) {
    std::memcpy(to, text.data(), octets);
    text.remove_prefix(octets);
    to += octets;
  };
  for (const Base64Run& run : runs) {
    put(run.before);
    std::uint64_t left = run.groups;
    for (std::uint64_t line = run.first_line; left > 0 && !enough(); line = std::min(run.line, left)) {
      if (left < run.groups) {
        std::memcpy(to, "\r\n", 2);
        to += 2;
      }
      to = encode_groups(content.data(), line, content.size(), to);
      content.remove_prefix(line * 3);
      left -= line;
    }
    if (enough()) return static_cast<std::size_t>(to - out);
  }
  put(text.size());
  return static_cast<std::size_t>(to - out);
}

}  // namespace hearthmail::store::body
