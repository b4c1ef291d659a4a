// corpus-writer DIRECTORY: writes every message of the corpus as NNN-name.eml into an existing directory.
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/corpus/corpus.hpp"

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: corpus-writer DIRECTORY\n";
    return 2;
  }
  int number = 0;
  for (const auto& message : hearthmail::test::corpus()) {
    char prefix[16];
    std::snprintf(prefix, sizeof prefix, "%03d-", ++number);
    const std::string path = std::string(arguments[1]) + "/" + prefix + message.name + ".eml";
    std::ofstream file(path, std::ios::binary);
    file << message.octets;
    file.close();
    if (!file) {
      std::cerr << "corpus-writer: cannot write " << path << "\n";
      return 1;
    }
  }
  std::cout << number << " messages\n";
  return 0;
}
