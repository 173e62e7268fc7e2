//===- Streams.cpp - What is sent, where it goes, what is taken -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// R-FAB-7 and R-FAB-9. Streams are compared with what the code sends and the
// routers do with it, never with the compiler's notion of it.
//
//===----------------------------------------------------------------------===//
#include "Trace.h"
#include "llvm/ADT/STLExtras.h"

using namespace weft;
using namespace weft::verify;
using Streams = std::vector<const bin::Stream *>;

namespace {

constexpr uint64_t OverlapBudget = 50'000'000, FramingBudget = 200'000'000;

/// PEs that do the same on one colour: a piece of a class and of streams.
using Sender = Piece<bin::Stream>;

class StreamCheck {
public:
  StreamCheck(Context &c, const std::vector<ClassFacts> &facts, Counts &counts)
      : c(c), facts(facts), counts(counts) {}

  Flows run() {
    std::map<unsigned, Streams> streams;
    for (const bin::Stream *s : c.streams)
      streams[s->color].push_back(s);
    for (color = 0; color != NumColors; ++color)
      if (streams.count(color) || anyTraffic())
        checkColor(streams[color]);
    countLinks();
    return std::move(flows);
  }

private:
  bool anyTraffic() const {
    return llvm::any_of(facts, [&](const ClassFacts &f) {
      return f.traffic.sent[color] || f.traffic.received[color];
    });
  }

  void checkColor(const Streams &streams) {
    arrivals.clear();
    sendings.clear();
    Region sending;
    for (size_t k = 0; k != facts.size(); ++k) {
      uint64_t words = facts[k].traffic.sent[color];
      if (!words)
        continue;
      auto from = [](const bin::Stream &s) { return s.from; };
      auto senders = cut<bin::Stream>(c.where[k], streams, from);
      if (!senders)
        c.findings.add("R-FAB-7", "streams overlap in too many ways");
      else
        for (const Sender &s : *senders)
          checkSender(k, s, words);
      llvm::append_range(sending, c.where[k]);
      if (!isSwitched())
        checkFraming(k);
    }
    if (isSwitched())
      checkOrder();
    for (const bin::Stream *s : streams) {
      Region idle = s->words ? subtract(Region{s->from}, sending) : Region();
      if (!idle.empty())
        c.findings.add("R-FAB-7",
                       cat("stream '", s->name, "' states ", s->words,
                           " wavelets from ", describe(idle[0]),
                           ", but no code there sends on colour ", color));
    }
    checkArrivals();
  }

  void checkSender(size_t k, const Sender &s, uint64_t words) {
    std::string head = cat(className(c, k), " at ", describe(s.where),
                           " sends ", words, " wavelets of colour ", color);
    if (s.items.empty())
      c.findings.add("R-FAB-7", cat(head, ", but no stream states them"));
    uint64_t stated = 0;
    for (const bin::Stream *t : s.items)
      stated = satAdd(stated, t->words);
    if (!s.items.empty() && stated != words)
      c.findings.add("R-FAB-7", cat(head, ", stream '", s.items[0]->name,
                                    "' states ", stated));
    Trace t = trace(c, color, s.where);
    if (!t.complete)
      c.findings.add("R-FAB-4", cat("the route of colour ", color, " from ",
                                    describe(s.where), " is not shown to end"));
    for (const bin::Stream *st : s.items)
      checkReach(*st, s.where, t);
    record(k, t, words, s.where.count());
  }

  /// Exactly the receivers that `s` states? Each router has one receive port,
  /// so no PE is reached twice and counting is enough.
  void checkReach(const bin::Stream &s, const Pattern &from, const Trace &t) {
    uint64_t area =
        satMul(uint64_t(std::max<int64_t>(0, int64_t(s.dx1) - s.dx0 + 1)),
               uint64_t(std::max<int64_t>(0, int64_t(s.dy1) - s.dy0 + 1)));
    if (area && s.dx0 <= 0 && s.dx1 >= 0 && s.dy0 <= 0 && s.dy1 >= 0)
      --area;
    uint64_t reachedPEs = 0;
    for (const Delivery &d : t.deliveries) {
      reachedPEs = satAdd(reachedPEs, satMul(d.from.count(), d.boxSize()));
      if (d.dx0 < s.dx0 || d.dx1 > s.dx1 || d.dy0 < s.dy0 || d.dy1 > s.dy1)
        return c.findings.add(
            "R-FAB-7", cat("stream '", s.name, "' from ", describe(d.from),
                           " also reaches displacement (", d.dx0, ", ", d.dy0,
                           "), stated are [", s.dx0, ", ", s.dx1, "] x [",
                           s.dy0, ", ", s.dy1, "]"));
    }
    uint64_t all = satMul(area, from.count());
    if (reachedPEs != all)
      c.findings.add("R-FAB-7", cat("stream '", s.name, "' from ",
                                    describe(from), " reaches ", reachedPEs,
                                    " PEs in all, stated are ", all));
  }

  void record(size_t k, const Trace &t, uint64_t words, uint64_t senders) {
    ColorCount &n = counts.colors[color];
    n.words = satAdd(n.words, satMul(words, senders));
    for (const auto &[dir, region] : t.links)
      for (const Pattern &p : region) {
        links[dir].push_back({p, words});
        n.hops = satAdd(n.hops, satMul(p.count(), words));
        counts.waveletHops =
            satAdd(counts.waveletHops, satMul(p.count(), words));
      }
    if (isSwitched()) {
      for (const Delivery &d : t.deliveries)
        sendings.push_back({d, k, words});
      return;
    }
    for (const Delivery &d : t.deliveries)
      llvm::append_range(arrivals[words], reached(c, d));
    llvm::append_range(flows[{k, color}], t.deliveries);
  }

  bool isSwitched() const { return c.switched.count(color); }

  /// What the PEs of a class send to one PE each, on lines where several send.
  struct Sending {
    Delivery to;
    size_t cls;
    uint64_t words;
  };

  /// To each receiver its senders in order: the nearest first (Switches.cpp).
  void checkOrder() {
    auto place = [&](const Sending &s) {
      return *shift(s.to.from, s.to.dx0, s.to.dy0, c.grid);
    };
    Region everywhere;
    std::vector<const Sending *> all;
    bool few = true;
    for (const Sending &s : sendings) {
      few = few && c.budget.spendRoutes(everywhere.size() + 1);
      if (few)
        llvm::append_range(everywhere, subtract(Region{place(s)}, everywhere));
      all.push_back(&s);
    }
    llvm::sort(all, [](const Sending *a, const Sending *b) {
      return a->to.hops < b->to.hops;
    });
    auto receivers = cut<Sending>(everywhere, all, place);
    if (!few || !receivers) {
      c.findings.add("R-FAB-7", cat("senders of colour ", color,
                                    " meet in too many ways"));
      return;
    }
    for (const Piece<Sending> &r : *receivers) {
      uint64_t before = 0;
      std::vector<size_t> senders;
      for (const Sending *s : r.items) {
        Delivery d = s->to;
        d.from = *shift(r.where, -d.dx0, -d.dy0, c.grid);
        d.before = before;
        before = satAdd(before, s->words);
        flows[{s->cls, color}].push_back(d);
        senders.push_back(s->cls);
      }
      arrivals[before].push_back(r.where);
      checkFraming(senders, {r.where}, before);
    }
  }

  /// Words are taken in the portions in which they are sent, op by op and round
  /// by round, except that either side may do as one op what the other does as
  /// several. Ops with two elements in a word agree on the elements, too: there
  /// is half a word between an odd op and the next.
  void checkFraming(size_t k) {
    Region all;
    for (const Delivery &d : flows[{k, color}])
      llvm::append_range(all, reached(c, d));
    checkFraming(k, all, facts[k].traffic.sent[color]);
  }

  /// Those of `all` hear first all of the first class, then the next.
  void checkFraming(llvm::ArrayRef<size_t> senders, const Region &all,
                    uint64_t words) {
    for (size_t r = 0; r != facts.size(); ++r) {
      auto hears = [&](const Pattern &p) {
        return llvm::any_of(all, [&](auto &q) { return intersect(p, q); });
      };
      if (facts[r].traffic.received[color] == words &&
          llvm::any_of(c.where[r], hears)) { // other counts are findings anyway
        auto at = mismatch(senders, r);
        if (!framingBudget)
          c.findings.add("R-FAB-7", cat("portions of colour ", color,
                                        " are not compared: more than ",
                                        FramingBudget, " ops"));
        else if (at)
          c.findings.add("R-FAB-7", cat(className(c, r), " takes colour ",
                                        color, " in other portions than ",
                                        className(c, senders.back()),
                                        " sends it, after word ", *at));
      }
    }
  }

  /// The words after which both sides go on with several ops that do not end
  /// together.
  std::optional<uint64_t> mismatch(llvm::ArrayRef<size_t> senders,
                                   size_t receiver) {
    struct Side {
      llvm::ArrayRef<size_t> classes;
      bool out;
      llvm::ArrayRef<Event> rest = {};
      uint64_t words = 0, ops = 0; // ops since both sides last ended together
      bool packed = false, odd = false; // the last of them
    } from{senders, true}, to{receiver, false};
    auto spend = [&] { return framingBudget && framingBudget--; };
    auto advance = [&](Side &s) {
      while (true) {
        for (; s.rest.empty() && !s.classes.empty();
             s.classes = s.classes.drop_front())
          s.rest = facts[s.classes.front()].events;
        if (s.rest.empty() || !spend())
          return false;
        const Event &e = s.rest.front();
        s.rest = s.rest.drop_front();
        if (!e.uses(int(color), s.out))
          continue;
        s.words = satAdd(s.words, e.words);
        s.packed = e.packed;
        s.odd = e.odd;
        ++s.ops;
        return true;
      }
    };
    auto behind = [&]() -> Side & {
      return from.words <= to.words ? from : to;
    };
    for (uint64_t together = 0; advance(behind());) {
      bool both = from.words == to.words, packed = from.packed && to.packed;
      if ((packed && (both ? from.odd != to.odd : behind().odd)) ||
          (both && from.ops > 1 && to.ops > 1))
        return together;
      if (!both)
        continue;
      together = from.words;
      from.ops = to.ops = from.odd = to.odd = 0;
    }
    return std::nullopt;
  }

  /// What arrives at a PE is what its code takes, no less and no more.
  void checkArrivals() {
    Region everywhere;
    for (auto &[words, region] : arrivals) {
      region = coalesce(std::move(region));
      llvm::append_range(everywhere, region);
      for (const Pattern &p : region)
        checkArrival(p, words);
    }
    for (size_t k = 0; k != facts.size(); ++k)
      if (uint64_t n = facts[k].traffic.received[color]) {
        Region rest = subtract(c.where[k], everywhere);
        if (!rest.empty())
          c.findings.add("R-FAB-7",
                         cat(className(c, k), " takes ", n,
                             " wavelets of colour ", color, " at ",
                             describe(rest[0]), ", but none arrive there"));
      }
  }

  void checkArrival(const Pattern &p, uint64_t words) {
    Region rest = {p};
    for (size_t k = 0; k != facts.size(); ++k) {
      uint64_t taken = facts[k].traffic.received[color];
      for (const Pattern &q : c.where[k]) {
        auto both = intersect(p, q);
        if (!both)
          continue;
        rest = subtract(std::move(rest), {*both});
        if (facts[k].walked && taken != words)
          c.findings.add(taken < words ? "R-FAB-9" : "R-FAB-7",
                         cat(className(c, k), " at ", describe(*both),
                             " takes ", taken, " wavelets of colour ", color,
                             ", ", words, " arrive"));
      }
    }
    if (!rest.empty())
      c.findings.add("R-FAB-9",
                     cat(words, " wavelets of colour ", color, " arrive at ",
                         describe(rest[0]), ", where no code runs"));
  }

  void countLinks() {
    for (auto &[dir, pieces] : links) {
      std::map<uint64_t, Region> byWeight;
      for (const Weighted &w : pieces)
        byWeight[w.weight].push_back(w.where);
      std::vector<Weighted> joined;
      for (auto &[words, region] : byWeight)
        for (const Pattern &p : coalesce(std::move(region)))
          joined.push_back({p, words});
      auto most = maxOverlap(std::move(joined), OverlapBudget);
      if (!most) {
        const char *why =
            "the busiest link could not be found: too many different routes";
        c.program.costReport.empty() ? c.findings.note(why)
                                     : c.findings.add("R-COST", why);
      }
      counts.maxLinkWavelets =
          std::max(counts.maxLinkWavelets, most.value_or(0));
    }
  }

  Context &c;
  const std::vector<ClassFacts> &facts;
  Counts &counts;
  unsigned color = 0; // the one at hand
  uint64_t framingBudget = FramingBudget;
  Flows flows;
  std::vector<Sending> sendings;       // of one colour, if it has switches
  std::map<uint64_t, Region> arrivals; // of one colour, by wavelets
  std::map<uint8_t, std::vector<Weighted>> links;
};

} // namespace

Flows weft::verify::checkStreams(Context &c,
                                 const std::vector<ClassFacts> &facts,
                                 Counts &counts) {
  if (c.findings.has("R-FAB-2") || c.findings.has("R-FAB-10"))
    return {};
  return StreamCheck(c, facts, counts).run();
}
