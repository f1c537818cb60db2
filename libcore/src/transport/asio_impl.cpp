// SPDX-License-Identifier: BSD-3-Clause
/// Asio's own code, once instead of in every file: builds with -DBOOST_ASIO_SEPARATE_COMPILATION (the sanitizers', which
/// take long) need it; the others are header-only.
#include <boost/asio/detail/config.hpp>

#ifdef BOOST_ASIO_SEPARATE_COMPILATION
#include <boost/asio/impl/src.hpp>
#endif
