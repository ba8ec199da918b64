#include "tokenizers/moses_prefixes.h"

#include <array>
#include <unordered_set>

#include "tokenizers/code_points.h"

namespace penalmt {
namespace {

// Only words in lower case, because the text is lower-cased before it is looked up. Words with a
// full stop inside
// ("i.e") are left out: the tokenizer spares them anyway. German has the numbers 1 to 99 as well.
constexpr std::u32string_view kCzech =
    U"prof doc abt ad aj angl anon apod atd atp aut bd biogr cca cit cizojaz col čes čín čj ed "
    U"facs fasc fol fot franc "
    U"hist hl hrsg ibid il ind jap jhdt jv koed kol korej kl krit lat lit maď mj mp násl např "
    U"nepubl něm no nr okr odd "
    U"odp obr opr orig phil pl pokrač pol port pozn přel přeprac příl pseud pt red repr resp revid "
    U"rkp roč roz rozš "
    U"samost sect sest seš sign sl srv stol sv šk špan tab tis tj tř tzv univ uspoř vol vs vyd "
    U"vyobr zal zejm zkr "
    U"zprac zvl než abl absol adj adv ak akt alch amer anat anglosas arab arch archit arg astr "
    U"astrol att bás belg "
    U"bibl biol boh bot bulh círk csl č čas dat děj dep dět dial dór dopr dosl ekon epic etnonym "
    U"eufem f fam fem fil "
    U"film form fr fut fyz gen geogr geol geom germ gram hebr herald hovor hud hut chcsl chem ie "
    U"imp impf indoevr inf "
    U"instr interj ión iron it kanad katalán klas kniž komp konj konkr kř kuch lék les lid liturg "
    U"lok log m mat meteor "
    U"metr mod ms mysl n náb námoř neklas nesklon nom ob obch obyč ojed opt part pas pejor pers pf "
    U"plpf práv prep "
    U"předl přivl r rcsl refl reg ř řec s samohl sg souhl spec srov stfr střv stsl subj subst "
    U"superl sz táz tech telev "
    U"teol trans typogr var vedl verb voj vok vůb vulg výtv vztaž zahr zájm zast zeměd zř dl sport "
    U"horn pomn ev slang "
    U"nprap dop st tzn p br čp ml vč kr mld hod popř ap event rus slov rum švýc hor dol";

constexpr std::u32string_view kGerman =
    U"a b c d e f g h i j k l m n o p q r s t u v w x y z ii iii iv vi vii viii ix xi xii xiii xiv "
    U"xv xvi xvii xviii "
    U"xix xx bzw vs usw etc ggf vgl sogen ff sog evtl spp sen jun dgl dergl zzt usf bzgl pp ca";

constexpr std::u32string_view kEnglish = U"v vs rev";

constexpr std::u32string_view kFrench =
    U"b c d e f g h i j k l m n o p q r s t u v w x y z art ann apr av auj lib boul ca cf chap "
    U"contr dir éd env al etc "
    U"ex fasc fém fig fr hab ibid id inf masc ms pl pp sec sect sing sq sqq suiv sup suppl tél vb "
    U"vol vs";

bool is_one_to_ninety_nine(std::u32string_view word) {
  return (word.size() == 1 || (word.size() == 2 && is_ascii_digit(word[1]))) && word[0] >= U'1' &&
         word[0] <= U'9';
}

using Words = std::unordered_set<std::u32string_view>;

Words words_of(std::u32string_view table) {
  const auto words = split_at_spaces(table);
  return {words.begin(), words.end()};
}

const Words& prefixes(MosesLanguage language) {
  static const std::array<Words, 4> tables = {words_of(kCzech), words_of(kGerman),
                                              words_of(kEnglish),
                                              words_of(kFrench)};  // in the order of MosesLanguage
  return tables[static_cast<std::size_t>(language)];
}

}  // namespace

bool is_nonbreaking_prefix(std::u32string_view word, MosesLanguage language) {
  if (language == MosesLanguage::kGerman && is_one_to_ninety_nine(word)) return true;
  return prefixes(language).contains(word);
}

bool is_nonbreaking_prefix_of_numbers(std::u32string_view word, MosesLanguage language) {
  return language == MosesLanguage::kEnglish && word == U"pp";
}

}  // namespace penalmt
