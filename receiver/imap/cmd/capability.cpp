#include "common/auth/sasl.hpp"
#include "common/base/text.hpp"
#include "receiver/imap/cmd/commands.hpp"
#include "receiver/imap/out.hpp"

namespace hearthmail::receiver::imap::cmd {

// IMAP4rev1 comes first: there are programs that look at no more than the first name.
std::string capability_list(const Connection& connection) {
  std::string list =
      "IMAP4rev1 IMAP4rev2 LITERAL- SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT ESEARCH CONDSTORE "
      "QRESYNC "
      "SEARCHRES WITHIN PARTIAL SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES MULTISEARCH BINARY "
      "I18NLEVEL=1 "
      "STATUS=SIZE OBJECTID SAVEDATE PREVIEW UIDONLY UNAUTHENTICATE INPROGRESS REPLACE UTF8=ACCEPT "
      "ACL RIGHTS=kxte LIST-MYRIGHTS "
      "QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE METADATA LIST-METADATA "
      "LIST-EXTENDED LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE MULTIAPPEND CATENATE NOTIFY APPENDLIMIT=";
  put_number(list, connection.services().max_message_octets);
  const MessageLimit& limit = connection.services().message_limit;  // RFC 9738 §3
  if (limit.all != 0) {
    list += " MESSAGELIMIT=" + std::to_string(limit.all);
  } else if (limit.saves != 0) {
    list += " SAVELIMIT=" + std::to_string(limit.saves);
  }
  if (connection.state() != kNotAuthenticated) {
    if (!connection.compressed()) list += " COMPRESS=DEFLATE";
    return list;
  }
  if (connection.can_start_tls()) list += " STARTTLS";
  if (!connection.may_log_in()) return list + " LOGINDISABLED";  // RFC 9051 §6.2.3
  for (const auto name : base::split_words(auth::ServerSasl::offered(connection.binds_channel()))) {
    list.append(" AUTH=").append(name);
  }
  return list;
}

base::Status capability(Connection& connection, const parse::Command&) {
  connection.out += "* CAPABILITY ";
  connection.out += capability_list(connection);
  connection.out += "\r\n";
  return base::ok();
}

}  // namespace hearthmail::receiver::imap::cmd
