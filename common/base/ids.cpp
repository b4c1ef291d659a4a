#include "common/base/ids.hpp"

#include "common/base/text.hpp"

namespace hearthmail::base {

std::string BlobId::hex() const { return base::hex({reinterpret_cast<const char*>(octets.data()), octets.size()}); }

}  // namespace hearthmail::base
