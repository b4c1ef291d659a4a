#include "receiver/imap/text/net_unicode.hpp"

#include "common/mime/fold.hpp"

namespace hearthmail::receiver::imap::text {

std::string net_unicode(std::string_view name) { return mime::compose(name); }

}  // namespace hearthmail::receiver::imap::text
