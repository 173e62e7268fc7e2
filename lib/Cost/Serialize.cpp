//===- Serialize.cpp - The cost report as Protobuf ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The bytes that a .weft file embeds. Protobuf's headers stay in this file.
//
//===----------------------------------------------------------------------===//
#include "cost.pb.h"
#include "weft/Cost/Cost.h"

using namespace weft;
using namespace weft::cost;

namespace pb = weft::cost::wire;

static void put(const bin::Pattern &p, pb::Rectangle *to) {
  to->set_x0(p.x0);
  to->set_y0(p.y0);
  to->set_w(p.w);
  to->set_h(p.h);
  to->set_dx(p.dx);
  to->set_dy(p.dy);
}

static bin::Pattern get(const pb::Rectangle &p) {
  return {p.x0(), p.y0(), p.w(), p.h(), p.dx(), p.dy()};
}

static void put(const ColorCost &c, pb::Color *to) {
  to->set_color(c.color);
  to->set_words(c.words);
  to->set_hops(c.hops);
}

static ColorCost get(const pb::Color &c) {
  return {c.color(), c.words(), c.hops()};
}

static void put(const Place &p, pb::Place *to) {
  to->set_resource(uint32_t(p.resource));
  to->set_x(p.x);
  to->set_y(p.y);
  to->set_to_x(p.toX);
  to->set_to_y(p.toY);
}

static Place get(const pb::Place &p) {
  bool known = p.resource() <= uint32_t(Resource::Path);
  return {known ? Resource(p.resource()) : Resource::None, p.x(), p.y(),
          p.to_x(), p.to_y()};
}

static void put(const Demand &d, pb::Demand *to) {
  to->set_cycles(d.cycles);
  put(d.where, to->mutable_bound());
}

static Demand get(const pb::Demand &d) { return {d.cycles(), get(d.bound())}; }

static void put(const CycleCost &c, pb::Cycles *to) {
  to->set_lower(c.lower);
  to->set_estimate(c.estimate);
  put(c.bound, to->mutable_bound());
  to->set_lower_lo(c.lowerRange.lo);
  to->set_lower_hi(c.lowerRange.hi);
  to->set_estimate_lo(c.estimateRange.lo);
  to->set_estimate_hi(c.estimateRange.hi);
  for (const std::string &a : c.assumed)
    to->add_assumed(a);
}

static CycleCost get(const pb::Cycles &c) {
  return {c.lower(),
          c.estimate(),
          get(c.bound()),
          {c.lower_lo(), c.lower_hi()},
          {c.estimate_lo(), c.estimate_hi()},
          {c.assumed().begin(), c.assumed().end()}};
}

static void put(const KernelCost &k, pb::Kernel *to) {
  to->set_name(k.name);
  to->set_algorithm(k.algorithm);
  for (uint32_t n : k.nodes)
    to->add_nodes(n);
  put(k.where, to->mutable_rectangle());
  to->set_stage(k.stage);
  put(k.cycles, to->mutable_cycles());
  to->set_macs(k.macs);
  to->set_words(k.words);
}

static KernelCost get(const pb::Kernel &k) {
  return {
      k.name(),           k.algorithm(),  {k.nodes().begin(), k.nodes().end()},
      get(k.rectangle()), k.stage(),      k.macs(),
      k.words(),          get(k.cycles())};
}

static void put(const MemoryCost &m, pb::Memory *to) {
  to->set_code(m.code);
  to->set_weights(m.weights);
  to->set_activations(m.activations);
  to->set_buffers(m.buffers);
  to->set_reserved(m.reserved);
  to->set_io(m.io);
}

static MemoryCost get(const pb::Memory &m) {
  return {m.code(),    m.weights(),  m.activations(),
          m.buffers(), m.reserved(), m.io()};
}

static void put(const StageCost &s, pb::Stage *to) {
  to->set_name(s.name);
  put(s.where, to->mutable_rectangle());
  put(s.cycles, to->mutable_cycles());
  put(s.interval, to->mutable_interval());
  to->set_macs(s.macs);
  to->set_words(s.words);
  put(s.memory, to->mutable_memory());
}

static void put(const LinkCost &l, pb::Link *to) {
  to->set_x(l.x);
  to->set_y(l.y);
  to->set_to_x(l.toX);
  to->set_to_y(l.toY);
  to->set_direction(std::string(1, l.direction));
  to->set_wavelets(l.wavelets);
  for (const ColorCost &c : l.colors)
    put(c, to->add_colors());
}

static LinkCost get(const pb::Link &l) {
  LinkCost r{l.x(), l.y(), l.to_x(), l.to_y(), 'E', l.wavelets(), {}};
  if (!l.direction().empty())
    r.direction = l.direction()[0];
  for (const pb::Color &c : l.colors())
    r.colors.push_back(get(c));
  return r;
}

std::string cost::serialize(const CostReport &r) {
  pb::Report m;
  m.set_program(r.program);
  m.set_target(r.target);
  m.set_grid_w(r.gridW);
  m.set_grid_h(r.gridH);
  put(r.cycles, m.mutable_cycles());
  put(r.interval, m.mutable_interval());
  m.set_sram_peak_bytes(r.sramPeakBytes);
  m.set_wavelet_hops(r.waveletHops);
  m.set_max_link_wavelets(r.maxLinkWavelets);
  m.set_macs(r.macs);
  m.set_instructions(r.instructions);
  m.set_elements(r.elements);
  put(r.memory, m.mutable_memory());
  for (const KernelCost &k : r.kernels)
    put(k, m.add_kernels());
  for (const StageCost &s : r.stages)
    put(s, m.add_stages());
  for (const LinkCost &l : r.hottestLinks)
    put(l, m.add_hottest_links());
  for (const ColorCost &c : r.colors)
    put(c, m.add_colors());
  for (const std::string &a : r.assumed)
    m.add_assumed(a);
  return m.SerializeAsString();
}

llvm::Expected<CostReport> cost::deserialize(llvm::StringRef bytes) {
  pb::Report m;
  if (bytes.size() > INT32_MAX ||
      !m.ParseFromArray(bytes.data(), int(bytes.size())))
    return llvm::createStringError("the cost report is not a valid message");
  CostReport r;
  r.program = m.program();
  r.target = m.target();
  r.gridW = m.grid_w();
  r.gridH = m.grid_h();
  r.cycles = get(m.cycles());
  r.interval = get(m.interval());
  r.sramPeakBytes = m.sram_peak_bytes();
  r.waveletHops = m.wavelet_hops();
  r.maxLinkWavelets = m.max_link_wavelets();
  r.macs = m.macs();
  r.instructions = m.instructions();
  r.elements = m.elements();
  r.memory = get(m.memory());
  for (const pb::Kernel &k : m.kernels())
    r.kernels.push_back(get(k));
  for (const pb::Stage &s : m.stages())
    r.stages.push_back({s.name(), get(s.rectangle()), s.macs(), s.words(),
                        get(s.memory()), get(s.cycles()), get(s.interval())});
  for (const pb::Link &l : m.hottest_links())
    r.hottestLinks.push_back(get(l));
  for (const pb::Color &c : m.colors())
    r.colors.push_back(get(c));
  for (const std::string &a : m.assumed())
    r.assumed.push_back(a);
  return r;
}
