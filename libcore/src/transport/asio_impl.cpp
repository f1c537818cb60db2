// SPDX-License-Identifier: BSD-3-Clause
/// Asio's own code, once instead of in every file. Only in builds with -DBOOST_ASIO_SEPARATE_COMPILATION (those of the
/// sanitizers, which take long to compile); the others are header-only.
#include <boost/asio/impl/src.hpp>
