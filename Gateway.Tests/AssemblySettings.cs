// Tests mostly wait, for servers, sockets and deadlines. So fixtures wait together, more of them than there are cores; the tests of one fixture
// run one after another. What needs the machine, or the process, to itself says [NonParallelizable] and why: see docs/testing.md.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(5)]
