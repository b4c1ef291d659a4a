#include "receiver/imap/object_id.hpp"

#include "receiver/imap/out.hpp"

namespace hearthmail::receiver::imap {

std::string mailbox_id(const store::mail::Mailbox& mailbox) {
  std::string id = "F";
  put_number(id, mailbox.id.value);
  id += '-';
  put_number(id, mailbox.uid_validity);
  return id;
}

// COPY and MOVE keep the size and the internal date, so they may be part of it.
std::string email_id(const store::mail::Message& message) {
  std::string id = "M";
  put_number(id, message.email.value);
  id += '-';
  put_number(id, message.octets);
  id += '-';
  put_number(id, static_cast<std::uint64_t>(message.internal_date));
  return id;
}

}  // namespace hearthmail::receiver::imap
