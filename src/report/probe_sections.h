// The parts of a probe's page, each as HTML with its heading; "" where the report has nothing for
// it.
#pragma once

#include <string>

#include "report/probe_report.h"

namespace penalmt {

// A condition a row.
std::string condition_section(const ProbeReport& report);
std::string contrastive_section(const ProbeReport& report);

// How far gates are open: a histogram, the words with the widest.
std::string gate_section(const ProbeReport& report);

// Sentences with their images; the piece that is chosen shows its attention on it. Throws as
// html::image().
std::string probed_sentence_section(const ProbeReport& report);

// An image with the attention of the pieces over it, and the pieces to choose from. R regions
// are a grid of side x side, row by row, where R is a square; where R - 1 is one, the first weight
// is a class token's (as a vision Transformer's) and is not on the grid. Other numbers of regions
// are not drawn: "". The grid lies on what was seen of the image; what is around it is shaded.
//
// A cell's strength, 0 to 1, is its weight through the largest one: its opacity, which the style
// sheet gives a colour over the image, or an outline.
//
// Each piece that has attention carries data-map: two hexadecimal digits a cell, of its weight
// through the piece's largest one. The script paints the cells with those of the piece that is
// chosen; before, they show the mean over all pieces.
std::string attention_grid(const std::vector<std::vector<double>>& attention,
                           const ProbeSeen& seen = {});
std::string piece_list(const ProbeSentence& sentence, bool of_target);

}  // namespace penalmt
