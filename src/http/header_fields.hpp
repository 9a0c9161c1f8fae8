// Beast's header fields as this library's plain map.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <string>

#include "http/client.hpp"

namespace emeth::http {

/// Names in lower case; the values of repeated fields joined by ", ".
inline Headers to_headers(const boost::beast::http::fields& fields) {
    Headers headers;
    for (const auto& field : fields) {
        std::string name(field.name_string());
        for (char& c : name)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        std::string& value = headers[name];
        if (!value.empty()) value.append(", ");
        value.append(field.value().data(), field.value().size());
    }
    return headers;
}

}  // namespace emeth::http
