// What a tokenizer is trained on: sentences from places of the dataset that the JOB's seed draws.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

/// Never empty: a sample without text is one fixed sentence. All of it is UTF-8. A permanent Error when the dataset
/// cannot be opened, a transient one when it cannot be read. Memory is in proportion to the preset's sample, whatever
/// the size of the dataset.
Result<std::vector<std::string>> draw_sample(const std::filesystem::path& dataset, const JobId& job,
                                             const trainer_protocol::Preset& preset);

/// The share of the sample's characters that get a piece of their own, from 0 to 1: all, or as many of the most common
/// ones as the vocabulary has room for. The others are left to byte fallback.
double character_coverage(const std::vector<std::string>& sentences, const trainer_protocol::Preset& preset);

/// The sample with each sentence cut where it holds a character that gets no piece of its own, which is left out. Never
/// empty. For samples that SentencePiece's trainer does not take as they are.
std::vector<std::string> parts_of_common_characters(const std::vector<std::string>& sentences,
                                                    const trainer_protocol::Preset& preset);

}  // namespace emeth::trainer
