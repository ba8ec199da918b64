#include "datasets/features/script_pickle.h"

#include <gtest/gtest.h>

namespace penalmt::script_pickle_test {

using namespace std::string_literals;

TEST(ScriptPickle, TakesTensorsAndTheArchivesOwnClasses) {
  EXPECT_EQ(unfit_in_pickle("\x80\x02).\0"s), std::nullopt);
  EXPECT_EQ(unfit_in_pickle("\x80\x02"
                            "c__torch__.nn.___torch_mangle_1\nConv2d\nq\0)\x81}("
                            "X\x01\0\0\0wh\0ubK\x05\x85."s),
            std::nullopt);
  EXPECT_EQ(unfit_in_pickle("ctorch._utils\n_rebuild_tensor_v2\n(ctorch\nFloatStorage\nt."s),
            std::nullopt);
}

TEST(ScriptPickle, NamesWhatItRefuses) {
  EXPECT_EQ(unfit_in_pickle("cos\nsystem\n(X\x02\0\0\0lstR."s), "names the class os.system");
  EXPECT_EQ(unfit_in_pickle("c__torch__.torch.classes.quantized\nLinear\n."s),
            "names the class __torch__.torch.classes.quantized.Linear");
  EXPECT_EQ(unfit_in_pickle("(S'ls'\nios\nsystem\n."s), "has the instruction 0x53");
  EXPECT_EQ(unfit_in_pickle("X\xff\0\0\0a"s), "ends too early");
  EXPECT_EQ(unfit_in_pickle("cos"s), "ends too early");
  EXPECT_EQ(unfit_in_pickle(""s), "ends too early");
  for (const char* pickle : {"t.", "\x85.", "b.", "R.", "e.", "q\x01."})
    EXPECT_EQ(unfit_in_pickle(pickle), "takes a value where there is none") << pickle;
}

TEST(ScriptPickle, IsBoundedInDepth) {
  const std::string deep = ")" + std::string(200, '\x85');
  EXPECT_EQ(unfit_in_pickle(deep + "."), std::nullopt);
  EXPECT_EQ(unfit_in_pickle(")" + std::string(100'000, '\x85') + "."),
            "nests values deeper than 200 levels");
  EXPECT_EQ(unfit_in_pickle(deep + "q\x01"
                                   "h\x01\x85."),
            "nests values deeper than 200 levels");
  EXPECT_EQ(unfit_in_pickle("]" + deep + "a."), "nests values deeper than 200 levels");
}

}  // namespace penalmt::script_pickle_test
