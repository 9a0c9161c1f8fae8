// How the store sets RocksDB up. Internal to storage/.
#pragma once

#include <rocksdb/db.h>

#include <vector>

#include "storage/open_mode.hpp"
#include "storage/rocks_database.hpp"

namespace emeth::storage {

rocksdb::DBOptions database_options(OpenMode mode, const Platform& platform);
/// "default" first, then in the order of Family.
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(OpenMode mode, const Platform& platform);

}  // namespace emeth::storage
