// What the pages of several commands have in common.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penalmt {

// A part of a page: `text` is HTML with an element of that id; "" where there is nothing of it.
struct PageSection {
  std::string id, heading, text;
};

// Headline (HTML), links to the sections, sections, `footer` (page_footer()).
std::string page_of_sections(const std::string& title, const std::string& headline,
                             const std::vector<PageSection>& sections, const std::string& footer);

// How a sentence's translations stand beside each other: ` class="two"`; at most three in a row.
std::string columns_class(std::size_t translations);

// "p = 0.0123", as HTML.
std::string p_text(double p);

// The form that sorts and filters the articles of a page (page_script.cpp); shown only where
// scripts run. `keys`: a name of a data attribute and what it is called; the first one sorts at
// first.
std::string article_controls(const std::vector<std::pair<std::string, std::string>>& keys,
                             bool with_images, std::size_t shown);

// The words of a translation as HTML: bold where not `shared`, marked where not `right`; both as
// long as `words`.
std::string marked_words(const std::vector<std::string_view>& words, const std::vector<bool>& right,
                         const std::vector<bool>& shared);

}  // namespace penalmt
