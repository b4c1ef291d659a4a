// The test framework, included from one place so that it can be exchanged in one place.
#pragma once

#include <catch2/catch.hpp>
