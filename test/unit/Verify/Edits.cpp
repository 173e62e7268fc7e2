//===- Edits.cpp - The fields of a program --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Edits.h"
#include "weft/Binary/Isa.h"
#include <set>

using namespace weft;
using namespace weft::bin;
using namespace weft::test;
using isa::Instr;
using isa::Op;
using isa::OperandKind;

namespace {

class Finder {
public:
  std::map<std::string, std::vector<Field>> byKind;

  void run(const Program &p) {
    for (size_t k = 0; k != p.classes.size(); ++k)
      ofClass(p, k);
    for (size_t i = 0; i != p.routes.size(); ++i) {
      auto at = [i](Program &q) -> Route & { return q.routes[i]; };
      std::string n = "route " + std::to_string(i);
      add("route", n + " rx", at, &Route::rx, 31);
      add("route", n + " tx", at, &Route::tx, 31);
      add("colour", n, at, &Route::color, 24);
      pattern(n, [=](Program &q) -> Pattern & { return at(q).where; });
    }
    for (size_t i = 0; i != p.switches.size(); ++i) {
      auto at = [i](Program &q) -> bin::Switch & { return q.switches[i]; };
      std::string n = "switch " + std::to_string(i);
      add("route", n + " rx", at, &bin::Switch::rx, 31);
      add("route", n + " tx", at, &bin::Switch::tx, 31);
      add("route", n + " position", at, &bin::Switch::position, 8);
      add("colour", n, at, &bin::Switch::color, 24);
      pattern(n, [=](Program &q) -> Pattern & { return at(q).where; });
    }
    for (size_t i = 0; i != p.streams.size(); ++i) {
      auto at = [i](Program &q) -> Stream & { return q.streams[i]; };
      std::string n = "stream " + std::to_string(i);
      add("colour", n, at, &Stream::color, 24);
      add("count", n + " words", at, &Stream::words, UINT32_MAX);
      for (auto [name, member] : {std::pair{" dx0", &Stream::dx0},
                                  {" dx1", &Stream::dx1},
                                  {" dy0", &Stream::dy0},
                                  {" dy1", &Stream::dy1}})
        add("rectangle", n + name, at, member, 65535, -65535);
      pattern(n, [=](Program &q) -> Pattern & { return at(q).from; });
    }
    for (size_t i = 0; i != p.inits.size(); ++i) {
      std::string n = "initial data " + std::to_string(i);
      placement(n, p.inits[i].place,
                [i](Program &q) -> Placement & { return q.inits[i].place; });
      add(
          "tensor", n, [i](Program &q) -> DataInit & { return q.inits[i]; },
          &DataInit::tensor, int64_t(p.tensors.size()));
    }
    for (size_t i = 0; i != p.inputs.size(); ++i)
      placement("input " + std::to_string(i), p.inputs[i].place,
                [i](Program &q) -> Placement & { return q.inputs[i].place; });
    for (size_t i = 0; i != p.outputs.size(); ++i)
      placement(
          "output " + std::to_string(i), p.outputs[i].place,
          [i](Program &q) -> Placement & { return q.outputs[i].place; }, true);
    for (size_t i = 0; i != p.memory.size(); ++i) {
      auto at = [i](Program &q) -> MemRange & { return q.memory[i]; };
      std::string n = "memory range " + std::to_string(i);
      add("address", n, at, &MemRange::addr, 65535);
      add("length", n, at, &MemRange::bytes, 65535);
      pattern(n, [=](Program &q) -> Pattern & { return at(q).where; });
    }
  }

private:
  template <typename Ref, typename Record, typename T>
  void add(const std::string &kind, std::string name, Ref at, T Record::*member,
           int64_t max, int64_t min = 0) {
    byKind[kind].push_back(
        {std::move(name), [=](Program &p) { return int64_t(at(p).*member); },
         [=](Program &p, int64_t v) { at(p).*member = T(v); }, min, max});
  }

  template <typename Ref>
  void pattern(const std::string &name, Ref at,
               const char *kind = "rectangle") {
    for (auto [field, member] : {std::pair{" x0", &Pattern::x0},
                                 {" y0", &Pattern::y0},
                                 {" w", &Pattern::w},
                                 {" h", &Pattern::h},
                                 {" dx", &Pattern::dx},
                                 {" dy", &Pattern::dy}})
      add(kind, name + field, at, member, 1000);
  }

  /// `result`: where the host reads an output, which nothing else states.
  template <typename Ref>
  void placement(const std::string &name, const Placement &place, Ref at,
                 bool result = false) {
    auto kind = [&](const char *otherwise) {
      return result ? "result" : otherwise;
    };
    pattern(
        name, [=](Program &p) -> Pattern & { return at(p).where; },
        kind("rectangle"));
    add(kind("address"), name, at, &Placement::addr, 49152);
    for (size_t d = 0; d != place.dims.size(); ++d) {
      auto dim = [=](Program &p) -> DimMap & { return at(p).dims[d]; };
      std::string n = name + " dimension " + std::to_string(d);
      add(kind("length"), n + " extent", dim, &DimMap::extent, 65535);
      add(kind("length"), n + " tile", dim, &DimMap::tile, 65535);
      add(kind("length"), n + " stride", dim, &DimMap::stride, 65535);
      byKind[kind("layout")].push_back(
          {n + " axis", [=](Program &p) { return int64_t(dim(p).axis); },
           [=](Program &p, int64_t v) { dim(p).axis = Axis(v); }, 0, 2});
    }
  }

  void ofClass(const Program &p, size_t k) {
    const PEClass &c = p.classes[k];
    auto cls = [k](Program &q) -> PEClass & { return q.classes[k]; };
    std::string n = "class " + std::to_string(k);
    for (size_t i = 0; i != c.where.size(); ++i)
      pattern(n, [=](Program &q) -> Pattern & { return cls(q).where[i]; });
    add("address", n + " code", cls, &PEClass::codeAddr, 49152);
    for (size_t i = 0; i != c.queues.size(); ++i) {
      auto at = [=](Program &q) -> QueueBinding & { return cls(q).queues[i]; };
      add("queue", n + " binding", at, &QueueBinding::queue, 8);
      add("colour", n + " binding", at, &QueueBinding::color, 24);
      add("queue", n + " direction", at, &QueueBinding::output, 1);
    }
    for (size_t i = 0; i != c.tasks.size(); ++i) {
      auto at = [=](Program &q) -> Task & { return cls(q).tasks[i]; };
      add("task", n + " id", at, &Task::id, 31);
      add("task", n + " entry", at, &Task::entry, int64_t(c.code.size()));
    }
    std::string error;
    auto code = isa::decodeAll(c.code, error);
    for (const Instr &i : *code)
      ofInstr(k, i);
  }

  /// A number of an instruction that has as many words afterwards.
  void instr(const char *kind, size_t k, const Instr &i, const char *name,
             std::function<int64_t(Instr &)> get,
             std::function<void(Instr &, int64_t)> set, int64_t max,
             int64_t min = 0) {
    uint32_t word = i.wordIndex;
    auto decode = [=](Program &p) {
      std::string error;
      return *isa::decode(p.classes[k].code, word, error);
    };
    byKind[kind].push_back(
        {"class " + std::to_string(k) + " '" + isa::print(i) + "' " + name,
         [=](Program &p) {
           Instr i = decode(p);
           return get(i);
         },
         [=](Program &p, int64_t v) {
           Instr i = decode(p);
           set(i, v);
           std::vector<uint32_t> words;
           isa::encode(i, words);
           std::copy(words.begin(), words.end(),
                     p.classes[k].code.begin() + word);
         },
         min, max});
  }

  void immediate(const char *kind, size_t k, const Instr &i, const char *name,
                 int64_t max = INT32_MAX, int64_t min = INT32_MIN) {
    instr(
        kind, k, i, name, [](Instr &i) { return int64_t(i.imm); },
        [](Instr &i, int64_t v) { i.imm = int32_t(v); }, max, min);
  }

  void ofInstr(size_t k, const Instr &i) {
    switch (i.op) {
    case Op::Loop:
      return immediate("count", k, i, "rounds", INT32_MAX, 1);
    case Op::Li:
    case Op::Addi:
    case Op::Muli:
    case Op::Andi:
      return immediate("operand", k, i, "immediate");
    case Op::Call:
      return immediate("operand", k, i, "target", 100000, 0);
    case Op::Ld:
    case Op::St:
    case Op::Ld16:
    case Op::St16:
    case Op::LdH:
    case Op::StH:
    case Op::DsdAdd:
      return immediate("operand", k, i, "address");
    case Op::Wait:
    case Op::Activate:
      return instr(
          "task", k, i, "number", [](Instr &i) { return int64_t(i.a); },
          [](Instr &i, int64_t v) { i.a = uint8_t(v); }, 15);
    case Op::Dsd:
      return ofDsd(k, i);
    default:
      return i.isVector() ? ofVector(k, i) : registers(k, i);
    }
  }

  void ofDsd(size_t k, const Instr &i) {
    immediate("operand", k, i, "address");
    for (size_t d = 0; d != i.dims.size(); ++d) {
      instr(
          "length", k, i, "length",
          [d](Instr &i) { return int64_t(i.dims[d].length); },
          [d](Instr &i, int64_t v) { i.dims[d].length = uint16_t(v); }, 65535,
          1);
      instr(
          "operand", k, i, "stride",
          [d](Instr &i) { return int64_t(i.dims[d].stride); },
          [d](Instr &i, int64_t v) { i.dims[d].stride = int16_t(v); }, 32767,
          -32768);
    }
  }

  void ofVector(size_t k, const Instr &i) {
    for (auto [name, member] : {std::pair{"destination", &Instr::dst},
                                {"source", &Instr::src0},
                                {"second source", &Instr::src1}}) {
      bool fabric = (i.*member).kind == OperandKind::FabIn ||
                    (i.*member).kind == OperandKind::FabOut;
      bool none = (i.*member).kind == OperandKind::None;
      if (!none)
        instr(
            fabric ? "queue" : "operand", k, i, name,
            [m = member](Instr &i) { return int64_t((i.*m).index); },
            [m = member](Instr &i, int64_t v) { (i.*m).index = uint8_t(v); },
            fabric ? 7 : 15);
    }
    if (!i.extended)
      return;
    instr(
        "length", k, i, "length", [](Instr &i) { return int64_t(i.length); },
        [](Instr &i, int64_t v) { i.length = uint16_t(v); }, 65535);
    if (i.async)
      instr(
          "task", k, i, "microthread",
          [](Instr &i) { return int64_t(i.microthread); },
          [](Instr &i, int64_t v) { i.microthread = uint8_t(v); }, 15);
  }

  void registers(size_t k, const Instr &i) {
    bool fixed = i.op == Op::Coord || i.op == Op::EndLoop || i.op == Op::Nop ||
                 i.op == Op::Halt || i.op == Op::Ret || i.op == Op::EndTask;
    if (!fixed)
      instr(
          "operand", k, i, "source register",
          [](Instr &i) { return int64_t(i.b); },
          [](Instr &i, int64_t v) { i.b = uint8_t(v); }, 31);
  }
};

/// A value near `old`, or far from it, or one that breaks things.
int64_t otherValue(int64_t old, const Field &f, std::mt19937_64 &rng) {
  while (true) {
    int64_t v = 0;
    switch (rng() % 6) {
    case 0:
      v = old + 1;
      break;
    case 1:
      v = old - 1;
      break;
    case 2:
      v = old ^ (int64_t(1) << rng() % 16);
      break;
    case 3:
      v = old + (int64_t(rng() % 64) - 32) * 4;
      break;
    case 4:
      v = rng() % 2 ? old * 2 : old / 2;
      break;
    default:
      v = f.min + int64_t(rng() % (uint64_t(f.max - f.min) + 1));
    }
    if (v != old && v >= f.min && v <= f.max)
      return v;
  }
}

} // namespace

Edits::Edits(const Program &p) {
  Finder f;
  f.run(p);
  byKind = std::move(f.byKind);
}

bool Edits::keepsOutput(const std::string &kind) {
  static const std::set<std::string> others = {"operand", "tensor", "layout",
                                               "result"};
  return !others.count(kind);
}

Edits::Edit Edits::apply(Program &p, std::mt19937_64 &rng) const {
  auto kind = std::next(byKind.begin(), int64_t(rng() % byKind.size()));
  const Field &f = kind->second[rng() % kind->second.size()];
  int64_t old = f.get(p), now = otherValue(old, f, rng);
  f.set(p, now);
  return {kind->first,
          f.name + ": " + std::to_string(old) + " to " + std::to_string(now)};
}
