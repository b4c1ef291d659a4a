#include "common/smtp/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "common/base/delivery_id.hpp"
#include "common/base/text.hpp"
#include "common/smtp/address.hpp"
#include "common/smtp/limits.hpp"
#include "common/smtp/xtext.hpp"

namespace hearthmail::smtp {
namespace {

using base::Errc;
using base::Error;

struct Parameter {
  std::string keyword;                    // upper case
  std::optional<std::string_view> value;  // nullopt: no "="
};

Error bad(const std::string& keyword) { return Error{Errc::Invalid, "bad " + keyword + " parameter"}; }

bool is_keyword(std::string_view text) {
  const auto fine = [](char c) { return base::is_alnum(c) || c == '-'; };
  return !text.empty() && base::is_alnum(text.front()) && std::all_of(text.begin(), text.end(), fine);
}

// esmtp-value = 1*(%d33-60 / %d62-126), with UTF-8 under RFC 6531 §3.3. "=" is tolerated inside for ORCPT and AUTH.
bool is_value(std::string_view text) {
  const auto fine = [](char c) { return static_cast<unsigned char>(c) > 32 && c != 127; };
  return !text.empty() && std::all_of(text.begin(), text.end(), fine);
}

base::Result<std::vector<Parameter>> split_parameters(std::string_view rest) {
  std::vector<Parameter> out;
  if (!rest.empty() && rest.front() != ' ') return Error{Errc::Invalid, "parameters must follow a space"};
  for (const auto word : base::split(rest, ' ')) {
    if (word.empty()) continue;
    const auto equals = word.find('=');
    Parameter one;
    one.keyword = base::upper(word.substr(0, equals));
    if (equals != std::string_view::npos) one.value = word.substr(equals + 1);
    if (!is_keyword(one.keyword)) return Error{Errc::Invalid, "bad parameter"};
    if (one.value.has_value() && !is_value(*one.value)) return bad(one.keyword);
    for (const auto& other : out) {
      if (other.keyword == one.keyword) return Error{Errc::Invalid, one.keyword + " is given twice"};
    }
    out.push_back(std::move(one));
  }
  return out;
}

base::Status set_size(MailParameters& out, const Parameter& in) {
  if (!in.value.has_value() || in.value->size() > 20) return bad(in.keyword);
  out.size = base::parse_u64(*in.value);
  return out.size.has_value() ? base::ok() : bad(in.keyword);
}

base::Status set_body(MailParameters& out, const Parameter& in) {
  if (!in.value.has_value()) return bad(in.keyword);
  if (base::iequals(*in.value, "8BITMIME")) {
    out.body = Body::EightBitMime;
  } else if (base::iequals(*in.value, "7BIT")) {
    out.body = Body::SevenBit;
  } else {
    return bad(in.keyword);  // BINARYMIME is not offered
  }
  return base::ok();
}

base::Status set_smtputf8(MailParameters& out, const Parameter& in) {
  out.smtputf8 = !in.value.has_value();
  return out.smtputf8 ? base::ok() : bad(in.keyword);
}

base::Status set_ret(MailParameters& out, const Parameter& in) {
  if (!in.value.has_value()) return bad(in.keyword);
  if (base::iequals(*in.value, "FULL")) {
    out.ret = Ret::Full;
  } else if (base::iequals(*in.value, "HDRS")) {
    out.ret = Ret::Headers;
  } else {
    return bad(in.keyword);
  }
  return base::ok();
}

base::Status set_envid(MailParameters& out, const Parameter& in) {
  if (!in.value.has_value() || in.value->size() > kMaxEnvid) return bad(in.keyword);
  TRY_ASSIGN(out.envid, decode_xtext(*in.value));
  const auto fine = [](char c) { return c >= ' ' && c <= '~'; };  // printable once decoded, RFC 3461 §4.4
  return std::all_of(out.envid.begin(), out.envid.end(), fine) ? base::ok() : bad(in.keyword);
}

// RFC 4954 §5: <> or a mailbox as xtext.
base::Status set_auth(MailParameters& out, const Parameter& in) {
  if (!in.value.has_value()) return bad(in.keyword);
  TRY_ASSIGN(out.auth, decode_xtext(*in.value));
  if (*out.auth != "<>" && !parse_address(*out.auth).ok()) return bad(in.keyword);
  return base::ok();
}

base::Status set_delivery_id(MailParameters& out, const Parameter& in) {
  const std::string_view text = in.value.value_or("");
  if (text.size() != 2 * base::kDeliveryIdOctets) return bad(in.keyword);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    unsigned octet = 0;
    const char* const end = text.data() + at + 2;
    const auto read = std::from_chars(text.data() + at, end, octet, 16);
    if (read.ec != std::errc() || read.ptr != end) return bad(in.keyword);
    out.delivery_id.push_back(static_cast<char>(octet));
  }
  return base::ok();
}

base::Status set_notify(RcptParameters& out, const Parameter& in) {
  if (!in.value.has_value()) return bad(in.keyword);
  for (const auto word : base::split(*in.value, ',')) {
    if (base::iequals(word, "NEVER")) {
      out.notify |= kNotifyNever;
    } else if (base::iequals(word, "SUCCESS")) {
      out.notify |= kNotifySuccess;
    } else if (base::iequals(word, "FAILURE")) {
      out.notify |= kNotifyFailure;
    } else if (base::iequals(word, "DELAY")) {
      out.notify |= kNotifyDelay;
    } else {
      return bad(in.keyword);
    }
  }
  // RFC 3461 §4.1: NEVER stands alone.
  if ((out.notify & kNotifyNever) != 0 && out.notify != kNotifyNever) return bad(in.keyword);
  return base::ok();
}

base::Status set_orcpt(RcptParameters& out, const Parameter& in) {
  if (!in.value.has_value() || in.value->size() > kMaxOrcpt) return bad(in.keyword);
  if (!parse_original_recipient(*in.value).ok()) return bad(in.keyword);
  out.original = *in.value;
  return base::ok();
}

template <class Out>
struct Known {
  std::string_view keyword;
  bool ParameterSet::*offered;
  base::Status (*set)(Out&, const Parameter&);
};

constexpr Known<MailParameters> kMail[] = {
    {"SIZE", &ParameterSet::size, set_size},
    {"BODY", &ParameterSet::eight_bit, set_body},
    {"SMTPUTF8", &ParameterSet::smtputf8, set_smtputf8},
    {"RET", &ParameterSet::dsn, set_ret},
    {"ENVID", &ParameterSet::dsn, set_envid},
    {"AUTH", &ParameterSet::auth, set_auth},
    {kDeliveryIdKeyword, &ParameterSet::delivery_id, set_delivery_id},
};
constexpr Known<RcptParameters> kRcpt[] = {
    {"NOTIFY", &ParameterSet::dsn, set_notify},
    {"ORCPT", &ParameterSet::dsn, set_orcpt},
};

template <class Out, std::size_t N>
base::Result<Out> parse(std::string_view rest, const ParameterSet& offered, const Known<Out> (&table)[N]) {
  TRY_ASSIGN(const auto parameters, split_parameters(rest));
  Out out;
  for (const auto& one : parameters) {
    const auto row = std::find_if(std::begin(table), std::end(table),
                                  [&one](const Known<Out>& known) { return known.keyword == one.keyword; });
    if (row == std::end(table) || !(offered.*(row->offered))) {
      return Error{Errc::Unsupported, one.keyword + " is not offered"};
    }
    TRY(row->set(out, one));
  }
  return out;
}

}  // namespace

base::Result<MailParameters> parse_mail_parameters(std::string_view rest, const ParameterSet& offered) {
  return parse<MailParameters>(rest, offered, kMail);
}

base::Result<RcptParameters> parse_rcpt_parameters(std::string_view rest, const ParameterSet& offered) {
  return parse<RcptParameters>(rest, offered, kRcpt);
}

}  // namespace hearthmail::smtp
